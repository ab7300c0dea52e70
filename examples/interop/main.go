// Holds proofs that Makegood has written against Go's own reading of transparency logs.
//
// go run main.go FILE
//
// FILE has a line for each thing: a public key, the entries, a checkpoint of each size, an inclusion
// proof of each entry in each size, a consistency proof between each two sizes. Anything that does
// not verify ends the program with its name.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type reader struct {
	verifiers note.Verifiers
	leaves    []tlog.Hash
	roots     map[int64]tlog.Hash
	counts    map[string]int
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("name the file with the proofs")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	it := reader{roots: map[int64]tlog.Hash{}, counts: map[string]int{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for number := 1; lines.Scan(); number++ {
		if err := it.line(strings.Fields(lines.Text())); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	counts := it.counts
	if counts["checkpoint"] == 0 || counts["inclusion"] == 0 || counts["consistency"] == 0 {
		return fmt.Errorf("the file lacks a kind of proof: %v", counts)
	}
	fmt.Printf("verified: %d checkpoints, %d inclusion proofs, %d consistency proofs\n",
		counts["checkpoint"], counts["inclusion"], counts["consistency"])
	return nil
}

func (it *reader) line(fields []string) error {
	if len(fields) < 2 {
		return fmt.Errorf("too short")
	}
	kind, rest := fields[0], fields[1:]
	it.counts[kind]++
	switch kind {
	case "key":
		verifier, err := note.NewVerifier(rest[0])
		if err != nil {
			return err
		}
		it.verifiers = note.VerifierList(verifier)
		return nil
	case "entry":
		entry, err := base64.StdEncoding.DecodeString(rest[0])
		if err != nil {
			return err
		}
		it.leaves = append(it.leaves, tlog.RecordHash(entry))
		return nil
	case "checkpoint":
		return it.checkpoint(rest[0])
	case "inclusion":
		return it.inclusion(rest)
	case "consistency":
		return it.consistency(rest)
	}
	return fmt.Errorf("unknown kind %q", kind)
}

// A checkpoint is a signed note of an origin, a size and a root.
func (it *reader) checkpoint(encoded string) error {
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	opened, err := note.Open(text, it.verifiers)
	if err != nil {
		return err
	}
	parts := strings.Split(opened.Text, "\n")
	if len(parts) != 4 || parts[3] != "" {
		return fmt.Errorf("not three lines: %q", opened.Text)
	}
	if opened.Sigs[0].Name != parts[0] {
		return fmt.Errorf("signed by %q, not by %q", opened.Sigs[0].Name, parts[0])
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(parts[2])
	if err != nil {
		return err
	}
	it.roots[size] = root
	return nil
}

func (it *reader) inclusion(rest []string) error {
	size, index, proof, err := numbersAndHashes(rest)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, size, it.roots[size], index, it.leaves[index])
}

func (it *reader) consistency(rest []string) error {
	size, old, proof, err := numbersAndHashes(rest)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, size, it.roots[size], old, it.roots[old])
}

func numbersAndHashes(rest []string) (int64, int64, []tlog.Hash, error) {
	if len(rest) < 2 {
		return 0, 0, nil, fmt.Errorf("two numbers are missing")
	}
	first, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return 0, 0, nil, err
	}
	second, err := strconv.ParseInt(rest[1], 10, 64)
	if err != nil {
		return 0, 0, nil, err
	}
	var hashes []tlog.Hash
	for _, text := range rest[2:] {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return 0, 0, nil, err
		}
		hashes = append(hashes, hash)
	}
	return first, second, hashes, nil
}

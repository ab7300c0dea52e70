"""Reads audit packs with the programs that auditors use, and compares what each of them adds up.

    python check_pack.py PACK...

hledger and ledger read the journal, beancount its own book, DuckDB and pandas the tables in every
format. All of them must accept the files without an error and come to the trial balance and the
control totals. A program that is not installed is named and skipped.
"""

import csv
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

# The account's number and its currency, to what it stands at.
Balances = dict[tuple[str, str], Decimal]


class Skipped(Exception):
    """A program is not installed."""


class Pack:
    """One pack: its manifest, its trial balance, and the names of its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self.journal = folder / "books" / "ledger.journal"
        self.beancount = folder / "books" / "books.beancount"

    def table(self, name: str, form: str) -> Path:
        """The file of a table in one format; its name ends with the period or the day."""
        [path] = (self.folder / form).glob(f"{name}*.{form}")
        return path

    def trial_balance(self) -> list[dict[str, str]]:
        with self.table("Trial_Balance", "csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def ending(self) -> Balances:
        """What the trial balance says of each account after the period, zeros left out."""
        rows = self.trial_balance()
        key = [(row["GL_Account_Number"], row["Amount_Currency"]) for row in rows]
        return without_zeros(zip(key, (Decimal(row["Amount_Ending"]) for row in rows)))

    def movement(self) -> Balances:
        """What the trial balance says of each account over the period, zeros left out."""
        rows = self.trial_balance()
        key = [(row["GL_Account_Number"], row["Amount_Currency"]) for row in rows]
        sums = (Decimal(it["Amount_Ending"]) - Decimal(it["Amount_Beginning"]) for it in rows)
        return without_zeros(zip(key, sums))

    def numbers(self) -> dict[str, str]:
        """The number of each account of the books, by its name there."""
        numbers, name = {}, ""
        for line in self.beancount.read_text().splitlines():
            words = line.split()
            if len(words) == 3 and words[1] == "open":
                name = words[2]
            elif words[:1] == ["number:"]:
                numbers[name] = words[1].strip('"')
        return numbers


def without_zeros(pairs) -> Balances:
    return {key: amount for key, amount in pairs if amount}


def run(program: str, *arguments: object) -> str:
    """What a program prints; it must end well and complain of nothing."""
    if shutil.which(program) is None:
        raise Skipped(f"{program} is not installed")
    command = [program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{program} ended with {done.returncode}: {done.stderr}"
    assert not done.stderr.strip(), f"{program} complained: {done.stderr}"
    return done.stdout


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise Skipped(f"the Python package {module} is not installed")


def same(found: Balances, expected: Balances) -> None:
    assert found == expected, f"{found} is not {expected}"


def check_hashes(pack: Pack) -> None:
    """Every file is in the manifest, and is what the manifest says."""
    listed = {file["path"]: file for file in pack.manifest["files"]}
    found = {
        str(path.relative_to(pack.folder)): path
        for path in pack.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert listed.keys() == found.keys(), listed.keys() ^ found.keys()
    for name, path in found.items():
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == listed[name]["sha256"], name
        assert len(data) == listed[name]["bytes"], name


def check_hledger(pack: Pack) -> None:
    """Strict checks, balance assertions among them; then its own balances."""
    run("hledger", "-f", pack.journal, "check", "--strict")
    output = run("hledger", "-f", pack.journal, "balance", "--flat", "-N", "-O", "csv")
    numbers, found = pack.numbers(), []
    for row in list(csv.reader(output.splitlines()))[1:]:
        for amount in row[1].split(","):
            number, currency = amount.split()
            found.append(((numbers[row[0]], currency), Decimal(number)))
    same(without_zeros(found), pack.ending())


def check_ledger(pack: Pack) -> None:
    """Balance assertions; then every posting's amount, added up here."""
    form = "%(account)\t%(quantity(amount))\t%(commodity(amount))\n"
    output = run("ledger", "--strict", "-f", pack.journal, "register", "--format", form)
    numbers, sums = pack.numbers(), defaultdict(Decimal)
    for line in output.splitlines():
        account, quantity, currency = line.split("\t")
        sums[numbers[account], currency] += Decimal(quantity)
    same(without_zeros(sums.items()), pack.ending())


def check_beancount(pack: Pack) -> None:
    """No error, balance assertions among them; then every posting, added up here."""
    needs("beancount")
    from beancount import loader
    from beancount.core.data import Transaction

    entries, errors, _ = loader.load_file(str(pack.beancount))
    assert not errors, errors
    numbers, sums = pack.numbers(), defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else []:
            sums[numbers[posting.account], posting.units.currency] += posting.units.number
    same(without_zeros(sums.items()), pack.ending())


# Debits less credits, from any source that DuckDB reads.
SUMS = """
    SELECT GL_Account_Number, Amount_Currency,
           sum(CASE Amount_Credit_Debit_Indicator WHEN 'D' THEN 1 ELSE -1 END
               * CAST(Amount AS DECIMAL(24, 4)))
    FROM {source} GROUP BY ALL
"""


def check_duckdb(pack: Pack) -> None:
    """The detail as Parquet, CSV and JSON Lines: the movement of each account, and the totals."""
    needs("duckdb")
    import duckdb

    for form, reader in [
        ("parquet", "read_parquet('{}')"),
        ("csv", "read_csv('{}', all_varchar = true)"),
        ("jsonl", "read_json('{}', format = 'newline_delimited')"),
    ]:
        source = reader.format(pack.table("GL_Detail", form))
        rows = duckdb.sql(SUMS.format(source=source)).fetchall()
        same(without_zeros(((account, code), sum) for account, code, sum in rows), pack.movement())
    source = f"read_parquet('{pack.table('GL_Detail', 'parquet')}')"
    totals = duckdb.sql(
        "SELECT Amount_Currency, Amount_Credit_Debit_Indicator, sum(Amount) "
        f"FROM {source} GROUP BY ALL"
    ).fetchall()
    found = {(code, side): sum for code, side, sum in totals}
    for total in pack.manifest["totals"]:
        code = total["currency"]
        assert found.get((code, "D"), 0) == Decimal(total["debit"]), total
        assert found.get((code, "C"), 0) == Decimal(total["credit"]), total


def check_pandas(pack: Pack) -> None:
    """Every table as Parquet, CSV, JSON Lines and sheet: the same rows, and the same sums."""
    needs("pandas"), needs("pyarrow"), needs("openpyxl")
    import pandas

    [workbook] = (pack.folder / "xlsx").glob("*.xlsx")
    sheets = pandas.read_excel(workbook, sheet_name=None, dtype=str)
    for table in pack.manifest["tables"]:
        name, count = table["name"], table["row_count"]
        frames = {
            "parquet": pandas.read_parquet(pack.table(name, "parquet")),
            "csv": pandas.read_csv(pack.table(name, "csv"), dtype=str),
            "jsonl": pandas.read_json(pack.table(name, "jsonl"), lines=True, dtype=False),
            "xlsx": sheets[name[:26]],
        }
        for form, frame in frames.items():
            assert len(frame) == count, f"{name}.{form} has {len(frame)} rows, not {count}"
            if name == "GL_Detail":
                same(moved(frame), pack.movement())


def moved(frame) -> Balances:
    """The movement of each account, from a table of the detail."""
    sums = defaultdict(Decimal)
    columns = ["GL_Account_Number", "Amount_Currency", "Amount_Credit_Debit_Indicator", "Amount"]
    for account, currency, side, amount in frame[columns].itertuples(index=False):
        # A sheet keeps no zeros at the end of a number; as a decimal it is the same.
        amount = Decimal(str(amount))
        sums[str(account), currency] += amount if side == "D" else -amount
    return without_zeros(sums.items())


CHECKS = [
    check_hashes,
    check_hledger,
    check_ledger,
    check_beancount,
    check_duckdb,
    check_pandas,
]


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    started, passed, failed, skipped = time.monotonic(), 0, 0, 0
    for folder in map(Path, sys.argv[1:]):
        pack = Pack(folder)
        for check in CHECKS:
            name = f"{folder.parent.name}/{folder.name}: {check.__name__.removeprefix('check_')}"
            try:
                check(pack)
                print(f"{name} agrees", flush=True)
                passed += 1
            except Skipped as reason:
                print(f"{name} skipped: {reason}", flush=True)
                skipped += 1
            except Exception as error:  # whatever a program of others does, the next one is asked
                print(f"{name} FAILED: {type(error).__name__}: {error}", flush=True)
                failed += 1
    seconds = time.monotonic() - started
    note = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{note} in {seconds:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

//! What an answer of a witness may bring about: nothing, without its signature.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use makegood_ledger::checkpoint::{Checkpoint, SigningKey};

use super::super::tests::{ORIGIN, Stage};
use super::*;

fn witness_key() -> SigningKey {
    SigningKey::from_seed("witness.example", KeyKind::Witness, &[2; 32]).unwrap()
}

/// A witness, or whoever stands in its place: refuses each checkpoint by this answer, and shows this
/// as its word.
fn impostor(status: &'static str, answer: &'static str, word: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                stream.read_line(&mut head).unwrap();
            }
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<u64>().ok());
            stream.by_ref().take(length.unwrap_or(0)).read_to_end(&mut Vec::new()).unwrap();
            let (status, body) = match &word {
                _ if head.starts_with("POST") => (status, answer),
                Some(word) => ("200 OK", word.as_str()),
                None => ("404 Not Found", ""),
            };
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.get_mut().write_all(text.as_bytes()).unwrap();
        }
    });
    url
}

/// Shows a ledger of three entries to a witness; what is told, and the error.
fn shown(url: String) -> (Receiver<Behind>, CourierError) {
    let stage = Stage::new();
    stage.grow(3, 0);
    stage.run();
    let (proofs, _) = stage.start();
    let book = Arc::clone(proofs.book());
    let (tell, told) = channel();
    let mut round = Round {
        witness: WitnessAddress { key: witness_key().verifier().clone(), url },
        agent: Agent::config_builder().http_status_as_error(false).build().into(),
        book: Arc::clone(&book),
        seen: 0,
        on_behind: Arc::new(move |behind: &Behind| tell.send(behind.clone()).unwrap()),
        has_failed: false,
    };
    let error = round.show(&book.newest().unwrap()).unwrap_err();
    proofs.close();
    (told, error)
}

fn signed(key: &SigningKey, head: TreeHead) -> String {
    let mut note = Checkpoint { origin: ORIGIN.to_owned(), head }.sign(&[]);
    note.add(note.cosign(key, 7));
    note.to_string()
}

#[test]
fn takes_no_unsigned_word_for_a_rollback() {
    let stranger = SigningKey::from_seed("witness.example", KeyKind::Witness, &[3; 32]).unwrap();
    let other = TreeHead { size: 99, root: [7; 32] };
    for (status, answer) in [("409 Conflict", "99\n"), ("409 Conflict", ""), ("422 No", "no\n")] {
        for word in [None, Some(String::new()), Some(signed(&stranger, other))] {
            let (told, error) = shown(impostor(status, answer, word));
            assert!(matches!(error, CourierError::Unsigned), "{error}");
            assert_eq!(told.try_iter().count(), 0, "{status} {answer:?}");
        }
    }
}

#[test]
fn takes_the_signed_word_of_a_witness_for_a_rollback() {
    let more = TreeHead { size: 99, root: [7; 32] };
    let forked = TreeHead { size: 2, root: [7; 32] };
    for (answer, head) in [("99\n", more), ("", forked)] {
        let word = signed(&witness_key(), head);
        let (told, error) = shown(impostor("409 Conflict", answer, Some(word)));
        assert!(matches!(error, CourierError::Behind), "{error}");
        assert!(told.recv().unwrap().remedy.contains("witness"));
    }
}

//! Clients that take their time; each has to be hung up on.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::Counts;
use crate::http1::{Request, hear};

const PANEL: &str = "/makegood.v1.CustomerService/GetPanel";

/// Everyone at once; returns once each was hung up on.
pub(crate) async fn all(address: SocketAddr, token: String, counts: Counts) {
    let body = Request::call(PANEL, &token, Vec::new()).head(address, 100);
    let few = (counts.sockets / 20).max(1);
    let kinds: [(&str, usize, Vec<u8>); 5] = [
        ("silent", counts.sockets, Vec::new()),
        ("half a preface", few, b"PRI * HTTP/2.0\r\n".to_vec()),
        ("a preface and then nothing of tls", few, vec![22, 3, 1]),
        ("half a head", few, b"GET /livez HTTP/1.1\r\nhost: loc".to_vec()),
        ("a head without its body", few, body),
    ];
    let mut open = Vec::new();
    for (name, count, bytes) in &kinds {
        for _ in 0..*count {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            open.push((*name, stream));
        }
    }
    for (name, mut stream) in open {
        let answer = hear(&mut stream).await;
        let is_ok = answer.text.contains("200 OK") && answer.code() == Some(0);
        assert!(!is_ok, "{name} was answered: {answer:?}");
    }
    println!("slow clients: all were hung up on");
}

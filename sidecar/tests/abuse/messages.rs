//! Requests whose content is wrong, one way or the other.

use std::net::SocketAddr;

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::Counts;
use crate::http1::{Request, framed};

const GIVE: &str = "/makegood.v1.BudgetService/GiveSpend";
const IDENTIFY: &str = "/makegood.v1.CustomerService/IdentifyCaller";

const INVALID_ARGUMENT: Option<u32> = Some(3);
const UNIMPLEMENTED: Option<u32> = Some(12);
const FAULTS_OF_OURS: [u32; 3] = [2, 13, 15];

/// Every kind, one after the other.
pub(crate) async fn all(address: SocketAddr, token: &str, counts: Counts) {
    wrong_sizes(address, token).await;
    wrong_timeouts(address, token).await;
    wrong_names(address, token).await;
    wrong_texts(address, token, counts.messages).await;
    let sent = random_messages(address, token, counts.messages).await;
    println!("messages: {sent} of random bytes were answered");
}

async fn wrong_sizes(address: SocketAddr, token: &str) {
    let large = Request::call(GIVE, token, framed(0, &vec![10; 64 * 1024 + 1]));
    assert_eq!(large.send(address).await.code(), INVALID_ARGUMENT, "64 KiB and a byte");
    let absurd = Request::call(GIVE, token, [&[0], [255; 4].as_slice()].concat());
    assert_eq!(absurd.send(address).await.code(), INVALID_ARGUMENT, "a length of 4 GiB");

    let zeros = vec![0; 16 << 20];
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut bomb, &zeros).unwrap();
    let bomb = Request::call(GIVE, token, framed(1, &bomb.finish().unwrap()));
    let answer = bomb.clone().with("grpc-encoding", "gzip").send(address).await;
    assert_eq!(answer.code(), UNIMPLEMENTED, "a gzip bomb: {answer:?}");
    let answer = bomb.send(address).await;
    assert!(answer.code().is_some_and(|code| code != 0), "unannounced compression: {answer:?}");

    let metadata = Request::call(GIVE, token, Vec::new()).with("x-large", &"x".repeat(200_000));
    let answer = metadata.send(address).await;
    assert!([0, 431].contains(&answer.status), "200 kB of metadata: {answer:?}");
    let mut many = Request::call(GIVE, token, Vec::new());
    many.headers.extend((0..1_000).map(|index| (format!("x-{index}"), "x".to_owned())));
    let answer = many.send(address).await;
    assert!([0, 431].contains(&answer.status), "1,000 headers: {answer:?}");
}

/// A timeout that is none must not become one: the call gets the usual time.
async fn wrong_timeouts(address: SocketAddr, token: &str) {
    let timeouts =
        ["S", "0S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", "1 S", "1SS", "NaNm", "0x1S"];
    for timeout in timeouts {
        let call = Request::call(IDENTIFY, token, framed(0, &[])).with("grpc-timeout", timeout);
        assert_eq!(call.send(address).await.code(), INVALID_ARGUMENT, "{timeout}");
    }
}

/// Names under which the port is not to be reached, and pages that may not call.
async fn wrong_names(address: SocketAddr, token: &str) {
    const HOSTS: [&str; 15] = [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "0.0.0.0",
        "localhost.",
        "localhost.evil.example",
        "evil.localhost",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "::1",
        "localhost:99999",
        "me@localhost",
        "localhost, evil.example",
        "xn--lcalhost-54a",
    ];
    const ORIGINS: [&str; 15] = [
        "null",
        "https://evil.example",
        "http://localhost",
        "http://localhost:1",
        "https://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2",
        "http://[::2]",
        "file://",
        "chrome-extension://abcdef",
        "about:blank",
        "data:",
        "*",
        "localhost",
        "https://l\u{f6}calhost",
    ];
    let call = Request::call(IDENTIFY, token, framed(0, &[]));
    for host in HOSTS {
        let answer = Request { host: Some(host.to_owned()), ..call.clone() }.send(address).await;
        assert!([400, 403].contains(&answer.status), "host {host}: {answer:?}");
    }
    for origin in ORIGINS {
        let answer = call.clone().with("origin", origin).send(address).await;
        assert!([400, 403].contains(&answer.status), "origin {origin}: {answer:?}");
    }
}

/// gRPC-Web in base64 that is none.
async fn wrong_texts(address: SocketAddr, token: &str, count: usize) {
    let mut random = Random(7);
    let texts = ["=", "====", "A", "AAAA=AAA", "\u{0}", "AAAAAAU\u{ff}", "-_-_", "AAAAAA"];
    let random = (0..count).map(|_| random.bytes(64));
    for body in texts.map(|text| text.as_bytes().to_vec()).into_iter().chain(random) {
        let call = Request::call(IDENTIFY, token, body.clone());
        let answer = call.with("content-type", "application/grpc-web-text").send(address).await;
        let is_refused = answer.status >= 400 || answer.code() != Some(0);
        assert!(is_refused, "{body:?}: {answer:?}");
    }
}

/// Random bytes to each method; how many were sent.
async fn random_messages(address: SocketAddr, token: &str, count: usize) -> usize {
    let mut random = Random(11);
    let mut sent = 0;
    for path in methods() {
        for _ in 0..count {
            let message = random.bytes(200);
            let call = Request::call(&path, token, framed(0, &message));
            let answer = call.send(address).await;
            let code = answer.code().unwrap_or_else(|| panic!("{path} {message:?}: {answer:?}"));
            assert!(!FAULTS_OF_OURS.contains(&code), "{path} {message:?}: {answer:?}");
            sent += 1;
        }
    }
    sent
}

/// The path of every method.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(makegood_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut paths = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let name = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            paths.extend(service.method.iter().map(|method| name(method.name())));
        }
    }
    paths
}

/// The same bytes in every run (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Up to so many bytes.
    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % most;
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

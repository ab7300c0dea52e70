//! A certificate of a test's own, by OpenSSL.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Makegood, Place};

/// Of this machine, vouched for by itself, and not to vouch for others.
const REQUEST: &str = "\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:FALSE
";

/// Whether a program of the system is installed; the flag makes it say its version.
pub(crate) fn has(program: &str, flag: &str) -> bool {
    Command::new(program).arg(flag).output().is_ok_and(|output| output.status.success())
}

/// A sidecar that serves with TLS, and the path of its certificate.
pub(crate) fn serve_with_tls(place: &Place) -> (Makegood<'_>, String) {
    let [cert, key] = self_sign(place).map(|path| path.to_str().unwrap().to_owned());
    (Makegood::serve_with(place, &["--tls-cert", &cert, "--tls-key", &key]), cert)
}

/// Makes a certificate for this machine and its key, beside the data folder.
fn self_sign(place: &Place) -> [PathBuf; 2] {
    let (cert, key) = (place.beside("cert.pem"), place.beside("key.pem"));
    let request = place.beside("request.cnf");
    fs::write(&request, REQUEST).unwrap();
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "1", "-config"]);
    command.arg(&request).arg("-keyout").arg(&key).arg("-out").arg(&cert);
    let made = command.stdin(Stdio::null()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    [cert, key]
}

//! Tests of tokens: what is refused, and what a verified one says.

use super::*;

const NOW_S: i64 = 1_700_000_000;

fn signer() -> Signer {
    let folder = tempfile::tempdir().unwrap();
    Signer::development(folder.path()).unwrap()
}

fn rules() -> VerifierRules {
    VerifierRules {
        tenant: "house".to_owned(),
        tool_token_ttl: Duration::from_hours(1),
        allows_unbound_agents: false,
    }
}

fn verifier(signer: &Signer) -> Verifier {
    Verifier::new(vec![signer.public_key()], rules()).unwrap()
}

fn grant() -> Grant {
    Grant {
        tenant: "house".to_owned(),
        agent: "agent-7".to_owned(),
        access: Access::Agent,
        interaction: Some("call-1".to_owned()),
        ttl: Duration::from_mins(10),
    }
}

fn claims() -> Claims {
    Claims {
        iss: "vendor".to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: "agent-7".to_owned(),
        ten: "house".to_owned(),
        acc: Access::Agent,
        itx: Some("call-1".to_owned()),
        iat: NOW_S,
        nbf: NOW_S,
        exp: NOW_S + 600,
        jti: "1".to_owned(),
    }
}

#[test]
fn says_who_calls() {
    let signer = signer();
    let token = signer.sign(&grant(), NOW_S).unwrap();
    let verifier = verifier(&signer);
    let identity = verifier.verify(&token, NOW_S).unwrap();
    assert_eq!(identity.agent, "agent-7");
    assert_eq!(identity.tenant, "house");
    assert_eq!(identity.access, Access::Agent);
    assert_eq!(identity.interaction.as_deref(), Some("call-1"));
    assert_eq!(identity.expire_time_ns, (NOW_S + 600) * 1_000_000_000);
    assert_eq!(identity.token_id.len(), 32);
    assert_eq!(verifier.verify(&token, NOW_S + 1).unwrap(), identity);
}

#[test]
fn refuses_a_remembered_token_once_it_has_expired() {
    let signer = signer();
    let verifier = verifier(&signer);
    let token = signer.sign(&grant(), NOW_S).unwrap();
    assert!(verifier.verify(&token, NOW_S + 629).is_ok());
    assert_eq!(verifier.verify(&token, NOW_S + 630), Err(TokenFault::Expired));
}

type Change = fn(&mut Claims);

#[test]
fn refuses_claims_that_do_not_hold() {
    let signer = signer();
    let verifier = verifier(&signer);
    let cases: Vec<(&str, Change, TokenFault)> = vec![
        ("other audience", |c| c.aud = "else".to_owned(), TokenFault::Audience),
        ("other tenant", |c| c.ten = "other".to_owned(), TokenFault::Tenant),
        (
            "expired",
            |c| (c.iat, c.nbf, c.exp) = (NOW_S - 700, NOW_S - 700, NOW_S - 100),
            TokenFault::Expired,
        ),
        (
            "just expired",
            |c| (c.iat, c.nbf, c.exp) = (NOW_S - 600, NOW_S - 600, NOW_S - 30),
            TokenFault::Expired,
        ),
        ("not begun", |c| (c.nbf, c.exp) = (NOW_S + 31, NOW_S + 600), TokenFault::NotYetValid),
        ("issued in the future", |c| c.iat = NOW_S + 31, TokenFault::NotYetValid),
        ("too long", |c| c.exp = NOW_S + 601, TokenFault::TooLong),
        (
            "too long since it was issued",
            |c| (c.iat, c.exp) = (NOW_S - 10, NOW_S + 600),
            TokenFault::TooLong,
        ),
        (
            "too long for a tool",
            |c| (c.acc, c.exp) = (Access::Auditor, NOW_S + 3601),
            TokenFault::TooLong,
        ),
        ("endless", |c| c.exp = i64::MAX, TokenFault::TooLong),
        ("no interaction", |c| c.itx = None, TokenFault::NoInteraction),
        ("no agent", |c| c.sub = String::new(), TokenFault::Malformed),
        ("control characters", |c| c.sub = "a\nb".to_owned(), TokenFault::Malformed),
        ("long interaction", |c| c.itx = Some("x".repeat(129)), TokenFault::Malformed),
    ];
    for (name, change, expected) in cases {
        let mut claims = claims();
        change(&mut claims);
        let token = signer.encode(&claims).unwrap();
        assert_eq!(verifier.verify(&token, NOW_S), Err(expected), "{name}");
    }
    let token = signer.encode(&claims()).unwrap();
    assert!(verifier.verify(&token, NOW_S).is_ok());
}

#[test]
fn lets_tools_go_without_an_interaction() {
    let signer = signer();
    let verifier = verifier(&signer);
    for access in [Access::Supervisor, Access::Auditor, Access::Admin] {
        let claims = Claims { acc: access, itx: None, exp: NOW_S + 3600, ..claims() };
        let token = signer.encode(&claims).unwrap();
        assert_eq!(verifier.verify(&token, NOW_S).unwrap().access, access);
    }
}

/// Writes a token by hand: base64url of a header, of claims, and a signature.
fn handmade(header: &str, claims: &str, signature: &str) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[test]
fn refuses_texts_that_no_key_of_ours_has_signed() {
    let ours = signer();
    let verifier = verifier(&ours);
    let foreign = signer().encode(&claims()).unwrap();
    let good = ours.encode(&claims()).unwrap();
    let (body, signature) = good.rsplit_once('.').unwrap();
    let claims_text = r#"{"iss":"v","aud":"makegood","sub":"a","ten":"house","acc":"agent","itx":"c","iat":1700000000,"nbf":1700000000,"exp":1700000600,"jti":"1"}"#;
    let with_header = |header: &str| handmade(header, claims_text, signature);
    let cases = [
        (String::new(), TokenFault::Malformed),
        ("garbage".to_owned(), TokenFault::Malformed),
        ("a.b.c".to_owned(), TokenFault::Malformed),
        ("é.é.é".to_owned(), TokenFault::Malformed),
        ("x".repeat(5000), TokenFault::Malformed),
        (format!("{good}.x"), TokenFault::Malformed),
        (format!("{body}."), TokenFault::Signature),
        (format!("{body}.{}", "A".repeat(86)), TokenFault::Signature),
        (foreign, TokenFault::Signature),
        (with_header(r#"{"alg":"EdDSA"}"#), TokenFault::Signature),
        (with_header(r#"{"alg":"EdDSA","kid":"other"}"#), TokenFault::UnknownKey),
        (with_header(r#"{"alg":"none"}"#), TokenFault::Malformed),
        (handmade(r#"{"alg":"none"}"#, claims_text, ""), TokenFault::Malformed),
        (with_header(r#"{"alg":"HS256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"alg":"RS256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"alg":"ES256"}"#), TokenFault::Algorithm),
    ];
    for (token, expected) in cases {
        assert_eq!(verifier.verify(&token, NOW_S), Err(expected), "{token}");
    }
}

#[test]
fn refuses_tokens_that_lack_a_claim() {
    let signer = signer();
    let verifier = verifier(&signer);
    for missing in ["iss", "aud", "sub", "ten", "acc", "iat", "nbf", "exp", "jti"] {
        let mut all: toml::Table = toml::Table::try_from(claims()).unwrap();
        all.remove(missing);
        let token = signer.encode(&all).unwrap();
        assert_eq!(verifier.verify(&token, NOW_S), Err(TokenFault::Malformed), "{missing}");
    }
}

#[test]
fn tells_keys_apart_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let development = Signer::development(folder.path()).unwrap();
    let path = folder.path().join("development-token-key.pem");
    let pem = std::fs::read(&path).unwrap();
    let vendor = Signer::from_pem("vendor", &pem).unwrap();
    let keys = vec![signer().public_key(), vendor.public_key()];
    let verifier = Verifier::new(keys, rules()).unwrap();
    assert!(verifier.verify(&vendor.encode(&claims()).unwrap(), NOW_S).is_ok());
    let token = development.encode(&claims()).unwrap();
    assert_eq!(verifier.verify(&token, NOW_S), Err(TokenFault::Signature));
    let twice = vec![vendor.public_key(), vendor.public_key()];
    assert!(matches!(Verifier::new(twice, rules()), Err(KeyError::Twice { .. })));
}

#[test]
fn keeps_the_development_key_across_starts() {
    let folder = tempfile::tempdir().unwrap();
    let first = Signer::development(folder.path()).unwrap();
    let again = Signer::development(folder.path()).unwrap();
    let token = again.encode(&claims()).unwrap();
    assert!(verifier(&first).verify(&token, NOW_S).is_ok());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.path().join("development-token-key.pem");
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn agrees_on_one_development_key_when_many_begin_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let make = || Signer::development(folder.path()).unwrap();
    let (first, second) = std::thread::scope(|scope| {
        let threads = [scope.spawn(make), scope.spawn(make)];
        let [first, second] = threads.map(|thread| thread.join().unwrap());
        (first, second)
    });
    let token = first.encode(&claims()).unwrap();
    assert!(verifier(&second).verify(&token, NOW_S).is_ok());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left aside");
}

#[test]
fn reads_the_keys_that_openssl_writes() {
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let signer = Signer::from_pem("vendor", private.as_bytes()).unwrap();
    let key = PublicKey::from_pem("vendor", public.as_bytes()).unwrap();
    let verifier = Verifier::new(vec![key], rules()).unwrap();
    let token = signer.sign(&grant(), NOW_S).unwrap();
    assert!(verifier.verify(&token, NOW_S).is_ok());
    assert!(PublicKey::from_pem("k", private.as_bytes()).is_err());
    assert!(Signer::from_pem("k", public.as_bytes()).is_err());
    assert!(PublicKey::from_pem("k", b"garbage").is_err());
}

#[test]
fn mints_from_the_development_key() {
    let folder = tempfile::tempdir().unwrap();
    let args = MintArgs {
        agent: "agent-7".to_owned(),
        access: Access::Supervisor,
        interaction: None,
        ttl_s: 60,
        key: None,
        kid: None,
    };
    let token = args.mint(folder.path(), "house", NOW_S).unwrap();
    let signer = Signer::development(folder.path()).unwrap();
    let identity = verifier(&signer).verify(&token, NOW_S).unwrap();
    assert_eq!(identity.access, Access::Supervisor);
}

#[test]
fn shows_no_key_in_debug() {
    let signer = signer();
    assert_eq!(format!("{signer:?}"), "Signer { kid: \"development\", .. }");
}

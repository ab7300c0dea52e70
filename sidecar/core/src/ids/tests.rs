//! The text of each kind of id, and what is refused.

use super::*;

#[test]
fn shows_pseudonyms_as_rfc_4648_base32() {
    let pid = AgentPid::from_bytes(*b"foobarfoobarfoo");
    assert_eq!(pid.to_string(), "MZXW6YTBOJTG633CMFZGM33P");
    assert_eq!("MZXW6YTBOJTG633CMFZGM33P".parse(), Ok(pid));
}

#[test]
fn refuses_other_text_as_a_pseudonym() {
    for text in
        ["", "MZXW6YTBOJTG633CMFZGM33", "mzxw6ytbojtg633cmfzgm33p", "1ZXW6YTBOJTG633CMFZGM33P"]
    {
        let parsed: Result<CustomerPid, _> = text.parse();
        assert_eq!(parsed, Err(IdError::Pseudonym { kind: "customer" }));
    }
}

#[test]
fn shows_ids_as_uuid_text() {
    let text = "018f3b1c-7d2e-7a10-9c3f-5b6a7c8d9e0f";
    let spend: SpendId = text.parse().unwrap();
    assert_eq!(spend.to_string(), text);
    assert_eq!(text.to_uppercase().parse(), Ok(spend));
}

#[test]
fn refuses_other_text_as_a_uuid() {
    for text in [
        "",
        "018f3b1c7d2e7a109c3f5b6a7c8d9e0f",
        "018f3b1c-7d2e-7a10-9c3f-5b6a7c8d9e0g",
        "018f3b1-c7d2e-7a10-9c3f-5b6a7c8d9e0f",
    ] {
        let parsed: Result<RequestId, _> = text.parse();
        assert_eq!(parsed, Err(IdError::Uuid { kind: "request_id" }), "{text}");
    }
}

#[test]
fn holds_short_codes_to_their_characters() {
    assert!("late_delivery-2".parse::<ReasonCode>().is_ok());
    assert!("a".repeat(40).parse::<RoleCode>().is_ok());
    let too_long = "a".repeat(41);
    for text in ["", "Late", "late delivery", "é", too_long.as_str()] {
        assert!(text.parse::<GestureCode>().is_err(), "{text}");
    }
}

#[test]
fn shows_digests_as_lower_case_hexadecimal() {
    let digest = Digest::from_bytes([0xab; 32]);
    assert_eq!(digest.to_string(), "ab".repeat(32));
    assert_eq!("ab".repeat(32).parse(), Ok(digest));
    assert_eq!("AB".repeat(32).parse::<Digest>(), Err(IdError::Digest));
}

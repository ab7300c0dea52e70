//! Tests of policy files: the standard one, and every problem that a text can have.

use makegood_core::policy::{Counts, Dimension, GestureValue, Window};

use super::*;

fn problems(text: &str) -> Vec<String> {
    let Problems(problems) = read(text).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// The standard policy with a part replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(STANDARD.contains(from), "{from}");
    STANDARD.replacen(from, to, 1)
}

#[test]
fn gives_2000_dollars_by_default() {
    let policy = read(STANDARD).unwrap();
    assert_eq!(policy.limits.len(), 2);
    let limit = &policy.limits[0];
    assert!(limit.scope.contains(&Dimension::Agent) && limit.scope.contains(&Dimension::Customer));
    assert_eq!(limit.caps.values().copied().collect::<Vec<_>>(), [200_000]);
    let days_30 = 30 * makegood_core::time::NS_PER_DAY;
    assert_eq!(limit.window, Window::Case { otherwise_ns: days_30 });
    assert_eq!(policy.hold_ns, 600_000_000_000);
    assert_eq!(policy.undo_ns, 30_000_000_000);
    assert_eq!(policy.gestures.len(), 6);
    assert_eq!(policy.gestures[2].value, GestureValue::Free);
    assert_eq!(policy.vision.as_deref(), Some("Do right by the person in front of you."));
}

#[test]
fn has_the_digest_of_its_exact_text() {
    let policy = read(STANDARD).unwrap();
    let digest: [u8; 32] = Sha256::digest(STANDARD).into();
    assert_eq!(policy.digest, Digest::from_bytes(digest));
    let again = read(&format!("{STANDARD}\n")).unwrap();
    assert_ne!(again.digest, policy.digest);
}

#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str)] = &[
    ("name = \"standard\"", "", "name: is missing; add it"),
    ("version = \"1\"", "version = 1", "version: must be a text in quotes"),
    ("vision =", "vison =", "vison: is unknown; the nearest key is vision"),
    ("currencies = [\"USD\"]", "currencies = [\"USD\", \"XXQ\"]", "currencies: currency \"XXQ\" is unknown"),
    ("currencies = [\"USD\"]", "currencies = \"USD\"", "currencies: must be a list of texts"),
    ("currencies = [\"USD\"]", "currencies = [\"USD\", \"EUR\"]", "limits[0].caps: has no amount in EUR"),
    ("hold = \"10 min\"", "hold = \"10 moments\"", "hold: \"10 moments\" is no duration"),
    ("hold = \"10 min\"", "hold = \"1 month\"", "hold: \"1 month\" is no duration"),
    ("hold = \"10 min\"", "hold = \"-10 min\"", "hold: must be above zero"),
    ("backdate = \"0 s\"", "backdate = \"-1 s\"", "backdate: must be zero to 366 days"),
    ("backdate = \"0 s\"", "backdate = \"400 days\"", "backdate: must be zero to 366 days"),
    ("answer = \"60 s\"", "answer = \"soon\"", "consult.answer: \"soon\" is no duration"),
    ("answer = \"60 s\"", "answer = \"0 s\"", "consult.answer: must be above zero"),
    ("answer = \"60 s\"", "awnser = \"60 s\"", "consult.awnser: is unknown; the nearest key is answer"),
    ("[consult]\n", "[consults]\n", "consults: is unknown; the nearest key is consult"),
    ("roles = [\"team_lead\", \"lead\", \"duty_lead\"]\n\n", "\n", "consult.roles: is missing"),
    ("roles = [\"team_lead\", \"lead\", \"duty_lead\"]\n\n", "roles = [\"Lead\"]\n\n", "consult.roles: \"Lead\": role code must be"),
    ("roles = [\"team_lead\", \"lead\", \"duty_lead\"]\n\n", "roles = [\"lead\", \"lead\"]\n\n", "consult.roles: names lead twice"),
    ("roles = [\"team_lead\", \"lead\", \"duty_lead\"]\n\n", "roles = [\"boss\"]\n\n", "consult.roles: names boss, who can approve nothing; add a limit with counts = \"grants\""),
    ("roles = [\"team_lead\", \"lead\", \"duty_lead\"]\n\n", "roles = []\n\n", "limits[1].counts: counts grants, but nobody is asked"),
    ("counts = \"grants\"", "counts = \"grant\"", "limits[1].counts: \"grant\" is unknown; the nearest is grants"),
    ("counts = \"grants\"", "counts = \"times\"", "limits[1].cap: is missing; counting times needs one"),
    ("counts = \"grants\"", "counts = \"times\"\ncap = 0", "limits[1].cap: must be at least 1"),
    ("counts = \"grants\"", "counts = \"times\"\ncap = 3", "limits[1].caps: does not belong to a limit that counts times"),
    ("counts = \"grants\"", "counts = \"grants\"\ncap = 3", "limits[1].cap: belongs to limits that count times"),
    ("scope = [\"agent\"]", "scope = [\"pool\"]", "limits[1].scope: must name agent"),
    ("scope = [\"agent\", \"customer\"]", "scope = [\"agent\", \"customer\"]\ncounts = \"grants\"", "limits: none counts amounts"),
    ("note_max_chars = 500", "note_max_chars = -1", "note_max_chars: must be a whole number"),
    ("id = \"customer_case\"", "id = \"Customer Case\"", "limits[0].id: \"Customer Case\": limit id must be"),
    ("scope = [\"agent\",", "scope = [\"agnet\",", "limits[0].scope: \"agnet\" is unknown; the nearest is agent"),
    ("window = \"case\"", "window = \"fortnight\"", "limits[0].window: \"fortnight\" is unknown; write"),
    ("length = \"30 days\"\n", "", "limits[0].length: is missing; this window needs it"),
    ("window = \"case\"", "window = \"lifetime\"", "limits[0].length: does not belong to this window"),
    ("window = \"case\"\nlength = \"30 days\"", "window = \"month\"", "limits[0].zone: is missing; this window needs it"),
    ("window = \"case\"\nlength = \"30 days\"", "window = \"month\"\nzone = \"Mars/Olympus\"", "limits[0].zone: \"Mars/Olympus\" is no time zone"),
    ("caps = { USD = \"2000.00\" }", "caps = { USD = 2000.00 }", "limits[0].caps: USD must be in quotes"),
    ("caps = { USD = \"2000.00\" }", "caps = { USD = \"2000.005\" }", "limits[0].caps: amount \"2000.005\" has fractions of a minor unit"),
    ("caps = { USD = \"2000.00\" }", "caps = { USD = \"-1\" }", "limits[0].caps: in USD must be 1 to"),
    ("caps = { USD = \"2000.00\" }", "caps = { USD = \"2e3\" }", "limits[0].caps: amount \"2e3\" is not a decimal number"),
    ("caps = { USD = \"2000.00\" }", "", "limits[0].caps: is missing"),
    ("caps = { USD = \"2000.00\" }", "caps = { USD = \"2000.00\" }\nreasons = [\"none\"]", "limits[0].reasons: names the reason none"),
    ("label = \"Waive fee\"", "label = \"Waive the fee\"", "gestures[0].label: is longer than 10 characters"),
    ("kind = \"fee_waiver\"", "kind = \"fee_waver\"", "gestures[0].kind: \"fee_waver\" is unknown; the nearest is fee_waiver"),
    ("value = { USD = \"45.00\" }", "value = \"lots\"", "gestures[0].value: \"lots\" must be free, asked or amounts"),
    ("value = { USD = \"45.00\" }", "value = \"free\"", "gestures[0].value: is free, but fee_waiver moves money"),
    ("value = { USD = \"45.00\" }", "value = 45", "gestures[0].value: must name an amount in each currency"),
    ("reason = \"our_mistake\"", "reason = \"mistake\"", "gestures[0].reason: names mistake"),
    ("code = \"delay\"", "code = \"service_failed\"", "reasons[1].code: service_failed is already"),
];

#[test]
fn names_each_problem_with_its_field_and_fix() {
    for (from, to, expected) in REFUSED {
        let found = problems(&changed(from, to));
        assert!(found.iter().any(|one| one.contains(expected)), "{to} gave {found:?}");
    }
}

#[test]
fn names_all_problems_at_once() {
    let found = problems("limits = 1\nreasons = [2]\n[[gestures]]\nlabel = 3\ncolour = \"red\"\n");
    for expected in [
        "name: is missing",
        "version: is missing",
        "limits: must be tables",
        "reasons: must be tables",
        "gestures[0].code: is missing",
        "gestures[0].label: must be a text",
        "gestures[0].kind: is missing",
        "gestures[0].value: is missing",
        "gestures[0].colour: is unknown; remove it",
    ] {
        assert!(found.iter().any(|one| one.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn says_where_toml_is_broken() {
    let found = problems("name = \"x\"\nversion");
    assert!(found[0].contains("line 2"), "{found:?}");
}

#[test]
fn reads_windows_of_every_kind() {
    let windows = [
        ("window = \"interaction\"", "in one interaction"),
        ("window = \"lifetime\"", "ever"),
        ("window = \"rolling\"\nlength = \"36h\"", "in the last 36h"),
        ("window = \"quarter\"\nzone = \"Europe/Madrid\"", "in one quarter of Europe/Madrid"),
    ];
    for (window, expected) in windows {
        let text = changed("window = \"case\"\nlength = \"30 days\"", window);
        let report = report::of(&read(&text).unwrap());
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn reads_limits_of_every_count() {
    let times = "id = \"often\"\nlabel = \"this month\"\ncounts = \"times\"\ncap = 3\n\
                 scope = [\"customer\"]\nwindow = \"rolling\"\nlength = \"30 days\"\n";
    let text = changed("[[limits]]\n", &format!("[[limits]]\n{times}\n[[limits]]\n"));
    let policy = read(&text).unwrap();
    let counts: Vec<Counts> = policy.limits.iter().map(|limit| limit.counts).collect();
    assert_eq!(counts, [Counts::Times, Counts::Amounts, Counts::Grants]);
    assert_eq!((policy.limits[0].cap_times, policy.limits[0].caps.len()), (Some(3), 0));
    let report = report::of(&policy);
    for expected in [
        "limit      often: 3 gestures for each customer, in the last 30 days",
        "limit      lead_grants: grants of 2000.00 USD to others for each agent, in the last 24h",
    ] {
        assert!(report.contains(expected), "{expected} is missing in {report}");
    }
}

#[test]
fn asks_nobody_without_a_section_for_it() {
    let grants = STANDARD.find("# A lead may grant").unwrap();
    let reasons = STANDARD.find("# --- Reasons").unwrap();
    let text = [&STANDARD[..grants], &STANDARD[reasons..]].concat();
    let section = text.find("[consult]").unwrap();
    let limits = text.find("# --- Limits").unwrap();
    let policy = read(&[&text[..section], &text[limits..]].concat()).unwrap();
    assert!(policy.approvers.is_empty());
    assert!(report::of(&policy).contains("consult    nobody is asked for more"));
}

#[test]
fn reports_what_a_policy_means() {
    let report = report::of(&read(STANDARD).unwrap());
    for expected in [
        "policy     standard, version 1",
        "limit      customer_case: 2000.00 USD for each agent and customer, in one case, or in 30 days where there is none",
        "backdate   nothing counts for another time than its own",
        "consult    team_lead, then lead, then duty_lead; each has 1m to answer",
        "reason     Delay: We come when we said, or say so before.",
        "gesture    Waive fee (fee_waiver): 45.00 USD",
        "gesture    Call back (promise_made): costs nothing",
        "gesture    Credit (refund_credit): the agent names the amount",
        "the policy is sound",
    ] {
        assert!(report.contains(expected), "{expected} is missing in {report}");
    }
}

#[test]
fn names_the_file_that_is_no_policy() {
    let error = check(Path::new("/nowhere/policy.toml")).unwrap_err();
    assert!(error.to_string().starts_with("policy /nowhere/policy.toml cannot be read"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, "name = \"x\"\n").unwrap();
    let error = check(&path).unwrap_err().to_string();
    assert!(error.contains("policy.toml: policy has problems:\n  version: is missing"), "{error}");
    std::fs::write(&path, STANDARD).unwrap();
    assert!(check(&path).unwrap().ends_with("the policy is sound"));
}

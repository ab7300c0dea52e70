//! What people are and say stays sealed: in no log, no metric, and no byte of any file.

use std::fs;
use std::path::{Path, PathBuf};

use makegood_proto::v1;
use makegood_sidecar::token::Access;

use crate::support::{Ask, Call, Client, Makegood, Place, Rules, id, makegood};

/// Words that are nowhere else in the world.
const CANARIES: [&str; 16] = [
    "Quillfeather",
    "+12025550177",
    "2025550177",
    "quillfeather@example.com",
    "zanthic",
    "ACC-90210-X",
    "CRM-ID-48151623",
    "call-canary-77",
    "case-canary-78",
    "marmalade-reason",
    "zebracorn-note",
    "okapi-words",
    "numbat-promise",
    "wombat-preference",
    "pangolin-words",
    "Umbrellabird",
];

fn mapping() -> &'static str {
    r#"
source = "crm"

[[record]]
kind = "customer"
id = "{id}"
name = "{name}"
phone = "{phone}"
email = "{email}"
account = "{account}"
tier = "zanthic"

[[record]]
kind = "agent"
id = "A-1"
name = "Umbrellabird Jones"
role = "agent"

[[record]]
kind = "agent"
id = "L-1"
name = "Umbrellabird Smith"
role = "lead"
"#
}

/// Brings in the one customer, as an operator does.
fn import(place: &Place) {
    let (mapping_file, people) = (place.beside("mapping.toml"), place.beside("people.csv"));
    fs::write(&mapping_file, mapping()).unwrap();
    let line =
        "CRM-ID-48151623,Ada Quillfeather,+1 202 555 0177,Quillfeather@Example.com,ACC-90210-X";
    fs::write(&people, format!("id,name,phone,email,account\n{line}\n")).unwrap();
    let mut command = makegood(&["import", "--data"]);
    command.arg(place.data()).arg("--policy").arg(place.policy());
    command.arg("--mapping").arg(mapping_file).arg(people);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn writes_nothing_personal_outside_of_what_is_sealed() {
    let place = Place::empty(Rules::STANDARD);
    import(&place);
    let flags = ["--log-filter", "trace"];
    let sidecar = Makegood::serve_with(&place, &flags);
    let call = sidecar.ring("A-1", "call-canary-77", "CRM-ID-48151623").await;
    say_everything(&call).await;
    let lead = sidecar.client("L-1", Access::Supervisor, None).await;
    answer_in_words(&lead, &call).await;
    provoke_errors(&call).await;
    let panel = format!("{:?}", call.panel().await);
    for shown in ["Quillfeather", "zanthic", "okapi-words", "pangolin-words"] {
        assert!(panel.contains(shown), "the panel does not show {shown}: the test proves nothing");
    }
    let metrics = Ask::get("/metrics").send(sidecar.address).await.text();
    let log = sidecar.log();
    assert!(log.lines().count() > 20, "too little is logged to prove anything:\n{log}");
    let token = place.token("A-1", Access::Agent, Some("call-canary-77"));
    sidecar.end().await;
    for canary in CANARIES {
        assert!(!metrics.contains(canary), "{canary} is in the metrics");
        let line = log.lines().find(|it| it.contains(canary));
        assert_eq!(line, None, "{canary} is in the log");
    }
    assert!(!log.contains(&token[..40]), "a token is in the log");

    let mut searched = 0;
    for file in files(&place.data()) {
        let bytes = written(&fs::read(&file).unwrap());
        searched += bytes.len();
        for canary in CANARIES {
            let found = contains(&bytes, canary);
            assert!(!found, "{canary} is in {}", file.display());
        }
    }
    assert!(searched > 10_000, "only {searched} bytes were searched");
}

/// Every text field that an agent or a supervisor can fill.
async fn say_everything(call: &Call) {
    let again = v1::StartInteractionRequest {
        interaction_id: "call-canary-77".to_owned(),
        case_id: "case-canary-78".to_owned(),
        reason: "marmalade-reason".to_owned(),
        ..Call::start("call-canary-77", "CRM-ID-48151623")
    };
    let client = &call.client;
    client.interactions.clone().start_interaction(again).await.unwrap();
    let gift = v1::GiveSpendRequest { note: "zebracorn-note".to_owned(), ..call.gift(4_500) };
    call.give(gift).await.unwrap();
    let action = v1::LogActionRequest {
        action_id: id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::RaisedInside.into(),
        note: "okapi-words".to_owned(),
        counterpart: "Umbrellabird".to_owned(),
        ..v1::LogActionRequest::default()
    };
    client.advocacy.clone().log_action(action).await.unwrap();
    let promise = v1::MakePromiseRequest {
        promise_id: id(),
        customer_id: call.customer.clone(),
        interaction_id: call.interaction.clone(),
        text: "numbat-promise".to_owned(),
        due_time: Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 }),
    };
    client.advocacy.clone().make_promise(promise).await.unwrap();
    let preference = v1::SavePreferenceRequest {
        preference_id: id(),
        customer_id: call.customer.clone(),
        kind: v1::PreferenceKind::Other.into(),
        text: "wombat-preference".to_owned(),
        interaction_id: call.interaction.clone(),
        ..v1::SavePreferenceRequest::default()
    };
    client.customers.clone().save_preference(preference).await.unwrap();
}

/// What a survey brings in.
async fn answer_in_words(lead: &Client, call: &Call) {
    let score = v1::RecordScoreRequest {
        score_id: id(),
        customer_id: call.customer.clone(),
        kind: v1::ScoreKind::Recommend.into(),
        value: 3,
        words: "pangolin-words".to_owned(),
        interaction_id: call.interaction.clone(),
        ..v1::RecordScoreRequest::default()
    };
    lead.experience.clone().record_score(score).await.unwrap();
}

/// Errors about each of them, which must not repeat them to the log.
async fn provoke_errors(call: &Call) {
    use v1::lookup::By;
    let client = &call.client;
    for by in [
        By::Phone("Quillfeather".to_owned()),
        By::Phone("2025550177x2025550177".to_owned()),
        By::Email("zanthic".to_owned()),
        By::ExternalId("CRM-ID-48151623".repeat(20)),
        By::Email("quillfeather@example.com".to_owned()),
        By::Phone("+12025550177".to_owned()),
        By::AccountNumber("ACC-90210-X".to_owned()),
    ] {
        let lookup = Some(v1::Lookup { by: Some(by) });
        let request = v1::IdentifyCallerRequest { lookup };
        drop(client.customers.clone().identify_caller(request).await);
    }
    let gifts = [
        v1::GiveSpendRequest { note: "zebracorn-note".repeat(100), ..call.gift(1) },
        v1::GiveSpendRequest {
            note: "zebracorn-note".to_owned(),
            interaction_id: "case-canary-78".to_owned(),
            ..call.gift(1)
        },
        v1::GiveSpendRequest { customer_id: "Quillfeather".to_owned(), ..call.gift(1) },
        v1::GiveSpendRequest { note: "zebracorn-note".to_owned(), ..call.gift(200_000) },
    ];
    for gift in gifts {
        call.give(gift).await.unwrap_err();
    }
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() { files(&path) } else { vec![path] }
    };
    entries.flat_map(below).collect()
}

/// The blocks of a file that are not blank: files are made larger than what they hold.
pub(crate) fn written(bytes: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 4_096;
    const BLANK: [u8; BLOCK] = [0; BLOCK];
    let blocks = bytes.chunks(BLOCK);
    blocks.filter(|it| !BLANK.starts_with(it)).collect::<Vec<_>>().concat()
}

/// Whether the text is there, in any of the ways in which programs store text.
fn contains(bytes: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|it| it == needle);
    has(text.as_bytes()) || has(&wide)
}

//! Imports that end before their time, as the process: killed, stopped by Ctrl-C, tried out.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{Place, Rules, files, import, records_size};
use crate::support::{makegood, until};

const MAPPING: &str = r#"
source = "desk"

[[record]]
kind = "customer"
id = "{who}"
name = "Caller {who}"

[[record]]
kind = "interaction"
keep = "merged"
id = "{case}"
customer = "{who}"
team = "{team}"
start = "{day}"
"#;

/// Lines of cases, two each; every 1,000th is refused.
fn cases() -> String {
    let line = |line: u32| {
        let day = if line.is_multiple_of(1_000) { "someday" } else { "2024-05-03" };
        let team = if line.is_multiple_of(2) { "blue" } else { "" };
        format!("{},{},{team},{day}\n", line / 2, line / 2 % 300)
    };
    "case,who,team,day\n".to_owned() + &(1..=48_000).map(line).collect::<String>()
}

/// An import that runs.
fn start(place: &Place) -> Child {
    let mut command = makegood(&["import"]);
    command.arg("--data").arg(place.data()).arg("--policy").arg(place.policy());
    command.arg("--mapping").arg(place.beside("mapping.toml"));
    command.arg("--rejects").arg(place.beside("rejects.csv"));
    command.arg(place.beside("people.csv"));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Where an interrupted import keeps its place.
fn checkpoint(place: &Place) -> Option<PathBuf> {
    let folder = fs::read_dir(place.tenant_folder().join("import")).ok()?;
    let mut files = folder.map(|file| file.unwrap().path());
    files.find(|file| file.extension().is_some_and(|it| it == "json"))
}

async fn has_begun(place: &Place) {
    until("the import has kept its place", async || checkpoint(place).is_some()).await;
}

#[tokio::test]
async fn goes_on_after_kill_9_and_ctrl_c_as_if_it_had_not_been_interrupted() {
    let whole = Place::empty(Rules::STANDARD);
    let (mapping, data) = files(&whole, MAPPING, &cases());
    let expected = import(&whole, &mapping, &[&data], &[]);
    assert_eq!(expected.code, Some(3), "{}", expected.said);
    assert_eq!(checkpoint(&whole), None);

    let place = Place::empty(Rules::STANDARD);
    let (mapping, data) = files(&place, MAPPING, &cases());
    let mut killed = start(&place);
    has_begun(&place).await;
    killed.kill().unwrap();
    killed.wait().unwrap();

    let stopped = start(&place);
    let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", stopped.id())]).status();
    assert!(sent.unwrap().success());
    let stopped = stopped.wait_with_output().unwrap();
    let said = String::from_utf8(stopped.stderr).unwrap();
    // A signal that comes before the process listens ends it too.
    assert!(matches!(stopped.status.code(), Some(130) | None), "{said}");

    let resumed = import(&place, &mapping, &[&data], &[]);
    assert_eq!(resumed.code, Some(3), "{}", resumed.said);
    for part in ["going on at line ", "--from-start", "48,000 lines, ", "before the interruption"] {
        assert!(resumed.said.contains(part), "{}", resumed.said);
    }
    let [new, changed, same, refused] = resumed.counts("interactions")[..] else { panic!() };
    let [all, _, _, all_refused] = expected.counts("interactions")[..] else { panic!() };
    assert_eq!((new + same, changed, refused), (all, 0, all_refused), "{}", resumed.said);
    assert_eq!(records_size(&place), records_size(&whole), "a record is missing or there twice");
    let rejects = |place: &Place| {
        let text = fs::read_to_string(place.beside("rejects.csv")).unwrap();
        let rows = text.lines().filter_map(|line| line.split_once("people.csv,"));
        rows.map(|(_, row)| row.to_owned())
            .filter(|row| !row.starts_with("1,0,"))
            .collect::<Vec<_>>()
    };
    assert_eq!(rejects(&place), rejects(&whole));
    assert_eq!(checkpoint(&place), None);

    let again = import(&place, &mapping, &[&data], &["--from-start"]);
    assert_eq!(again.counts("interactions")[..2], [0, 0], "{}", again.said);
    assert_eq!(records_size(&place), records_size(&whole));
}

#[test]
fn makes_no_data_folder_in_a_dry_run() {
    let place = Place::empty(Rules::STANDARD);
    let (mapping, data) = files(&place, MAPPING, "case,who,team,day\n1,2,blue,2024-05-03\n");
    let absent = place.beside("absent");
    let mut command = makegood(&["import", "--dry-run", "--data"]);
    command.arg(&absent).arg("--mapping").arg(mapping).arg(data);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("nothing was written"));
    assert!(!absent.try_exists().unwrap());
    assert!(!place.tenant_folder().try_exists().unwrap());
}

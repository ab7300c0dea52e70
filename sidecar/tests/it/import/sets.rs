//! Whole data sets, several in one house: counts are the files', and a second time nothing changes.

use std::path::Path;

use super::{Place, Rules, data_set, import, records_size};

const MAPPINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/imports");

/// A set, its file, the lines of that, and the records of each kind that come of it.
type Set = (&'static str, &'static str, &'static str, &'static [(&'static str, u64)]);

const SETS: [Set; 3] = [
    (
        "incidents",
        "events.csv.gz",
        "77,018 lines",
        &[
            ("customers", 3_864),
            ("agents", 174),
            ("interactions", 12_461 + 189),
            ("promises", 12_458),
        ],
    ),
    (
        "cdnow",
        "CDNOW_master.txt.gz",
        "69,659 lines",
        &[("customers", 23_570), ("purchases", 69_659)],
    ),
    (
        "hcahps",
        "hcahps_state_2018-04_2019-03.csv.gz",
        "4,032 lines",
        &[("customers", 52), ("preferences", 52 * 72)],
    ),
];

#[test]
fn brings_whole_sets_into_one_house_and_then_nothing() {
    let place = Place::empty(Rules::STANDARD);
    for (name, file, lines, counts) in SETS {
        let Some(folder) = data_set(name) else {
            continue;
        };
        let mapping = Path::new(MAPPINGS).join(format!("{name}.toml"));
        let file = folder.join(file);
        let first = import(&place, &mapping, &[&file], &[]);
        assert_eq!(first.code, Some(0), "{}", first.said);
        assert!(first.said.contains(lines), "{}", first.said);
        for (kind, count) in counts {
            assert_eq!(first.counts(kind), [*count, 0, 0, 0], "{name}: {}", first.said);
        }
        let size = records_size(&place);
        let again = import(&place, &mapping, &[&file], &[]);
        assert_eq!(again.code, Some(0), "{}", again.said);
        for (kind, count) in counts {
            assert_eq!(again.counts(kind), [0, 0, *count, 0], "{name}: {}", again.said);
        }
        assert_eq!(records_size(&place), size, "a second import of {name} wrote something");
    }
}

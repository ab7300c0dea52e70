//! What the mapping language says to mistakes, in a mapping and in the data.

use super::super::mapping::Mapping;
use super::Desk;

const RECORD: &str = "[[record]]\nkind = \"agent\"\nid = \"{id}\"\nname = \"{name}\"\n";

/// What stands before the record, what is added to it, and what is said to it.
const MISTAKES: [(&str, &str, &str); 16] = [
    ("", "", "missing field `source`"),
    ("source = \"\"", "", "source has 0 bytes"),
    ("source = \"x\"\ndelimeter = \";\"", "", "did you mean `delimiter`?"),
    ("source = \"x\"\nformat = \"cvs\"", "", "did you mean `csv`?"),
    ("source = \"x\"\ndelimiter = \";;\"", "", "delimiter \";;\" cannot be used"),
    ("source = \"x\"\nheader = false", "", "header = false needs columns"),
    ("source = \"x\"\ntime_zone = \"Mars\"", "", "time_zone \"Mars\" is unknown"),
    ("source = \"x\"\nregion = \"XX\"", "", "region \"XX\" is unknown"),
    ("source = \"x\"", "nmae = \"\"", "did you mean `name`?"),
    ("source = \"x\"", "hired = { form = \"{a}\" }", "did you mean `from`?"),
    ("source = \"x\"", "team = { from = \"a\", split = \"|\" }", "`split` does nothing"),
    ("source = \"x\"", "team = \"{a\"", "has a single brace"),
    ("source = \"x\"", "team = 1.5", "a float cannot stand here"),
    ("source = \"x\"", "hired = { from = \"a\", format = \"dmy\" }", "format \"dmy\" is unknown"),
    ("source = \"x\"", "keep = \"frist\"", "did you mean `first`?"),
    ("source = \"x\"", "when = { column = \"a\" }", "give exactly one of present"),
];

#[test]
fn says_what_is_wrong_with_a_mapping() {
    for (head, field, part) in MISTAKES {
        let text = format!("{head}\n{RECORD}{field}\n");
        let error = Mapping::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(part), "{text}\n→ {error}");
    }
}

#[test]
fn says_what_is_wrong_with_a_record() {
    let table = [
        ("agent", "agnet", "did you mean `agent`?"),
        ("agent", "action", "kind `action` is unknown"),
        ("name =", "team =", "field `name` is missing"),
        ("kind =", "kinds =", "missing field `kind`"),
    ];
    for (right, wrong, part) in table {
        let text = format!("source = \"x\"\n{}", RECORD.replace(right, wrong));
        let error = Mapping::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(part), "{text}\n→ {error}");
    }
    let error = Mapping::parse("source = \"x\"\nrecord = []").expect_err("no record");
    assert!(error.to_string().contains("there is no [[record]]"));
}

const SCORE: (&str, &str) = ("score", "customer = \"c\"\nresponded = \"2024-05-03\"");
const PURCHASE: (&str, &str) = ("purchase", "customer = \"c\"\nat = \"2024-05-03\"");
const CUSTOMER: (&str, &str) = ("customer", "name = \"x\"");
const INTERACTION: (&str, &str) = ("interaction", "start = \"2024-05-03\"");

/// A record with its other fields, the fields in question, a value, and what is said to it.
type Unfit = ((&'static str, &'static str), &'static str, &'static str, &'static str);

const UNFIT: [Unfit; 16] = [
    (SCORE, "scale = \"recommend\"\nvalue = \"{v}\"", "11", "not on the scale from 0 to 10"),
    (SCORE, "scale = \"recommend\"\nvalue = \"{v}\"", "4.5", "not on the scale from 0 to 10"),
    (SCORE, "scale = \"yes_no\"\nvalue = \"{v}\"", "perhaps", "not on the scale from 0 to 1"),
    (SCORE, "scale = \"{v}\"\nvalue = \"1\"", "stars", "`stars` is unknown; there are: recommend"),
    (
        SCORE,
        "scale = \"effort\"\nvalue = { from = \"{v}\", map = { easy = 7 } }",
        "hard",
        "\"hard\" is not in the map",
    ),
    (PURCHASE, "currency = \"{v}\"\nrevenue = \"1\"", "usd", "currency \"usd\" is unknown"),
    (PURCHASE, "currency = \"USD\"\nrevenue = \"{v}\"", "1.005", "fractions of a minor unit"),
    (CUSTOMER, "phone = \"{v}\"", "555 CALL", "has 'C' as its character 5"),
    (CUSTOMER, "phone = \"{v}\"", "202 555 0100", "has no country code"),
    (CUSTOMER, "email = \"{v}\"", "maria", "is not a mail address"),
    (CUSTOMER, "language = \"{v}\"", "de AT", "is not a language tag"),
    (CUSTOMER, "time_zone = \"{v}\"", "Vienna", "is not a time zone"),
    (INTERACTION, "transfer_count = \"{v}\"", "-1", "not a whole number from 0"),
    (INTERACTION, "severity = \"{v}\"", "6", "not a whole number from 0 to 5"),
    (INTERACTION, "wait = \"{v}\"", "NaN", "not a length of time"),
    (INTERACTION, "end = \"{v}\"", "1999-01-01", "is before the start"),
];

#[test]
fn refuses_values_that_a_field_cannot_hold() {
    for ((kind, rest), fields, value, part) in UNFIT {
        let mapping =
            format!("source = \"x\"\n[[record]]\nkind = \"{kind}\"\nid = \"1\"\n{rest}\n{fields}");
        let mut desk = Desk::new();
        let report = desk.import_text(&mapping, format!("v\n{value}\n"));
        assert_eq!(report.rejected_count(), 1, "{kind} {value}");
        assert!(report.examples[0].contains(part), "{part}: {}", report.examples[0]);
    }
}

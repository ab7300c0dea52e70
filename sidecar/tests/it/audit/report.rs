//! The page: self-contained, without a script, with the figures of the ledger.

use super::pack::Pack;
use super::story::Story;

#[test]
fn report_is_one_file_that_asks_nobody_and_runs_nothing() {
    let page = Pack::of(&Story::busy(60), "2026-01-01", "2026-06-30").text("report.html");
    for outside in ["<script", "http://", "https://", "url(", "<link", "<img", "<iframe", "@import"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(page.matches("<svg").count() >= 5, "{page}");
}

#[test]
fn report_shows_what_was_given_and_the_rules_as_text() {
    let page = Pack::of(&Story::small(), "2026-01-01", "2026-01-31").text("report.html");
    // 45.50 and 123.45 dollars were given, and 15.50 taken back.
    for shown in ["168.95", "15.50", "153.45", "KWD", "1.005", "round amounts", "praised"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("&#60;b&#62;the person&#60;/b&#62;"), "{page}");
    assert!(!page.contains("<b>the person"), "{page}");
}

#[test]
fn report_of_an_empty_period_says_so() {
    let page = Pack::of(&Story::small(), "2027-01-01", "2027-01-31").text("report.html");
    assert!(page.contains("Nothing was given in this period."), "{page}");
    assert!(page.contains("0 entries"), "{page}");
}

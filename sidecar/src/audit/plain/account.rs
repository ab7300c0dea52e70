//! Accounts as plain-text accounting names them: words from the root down, which every reader takes.

use makegood_core::ledger::Account;

/// The account's name, such as `Equity:Authority:Available:Pool-house`.
pub(super) fn name(account: &Account) -> String {
    let number = account.to_string();
    let (group, part) = match number.split_once('.') {
        Some((group, part)) => (group, format!(":{}", word(part))),
        None => (number.as_str(), String::new()),
    };
    let path = match group {
        "A100" => "Equity:Authority:House",
        "A200" => "Equity:Authority:Available",
        "A300" => "Equity:Authority:Held",
        "A400" => "Equity:Authority:Given",
        "A900" => "Equity:Authority:Lapsed",
        "2100" => "Liabilities:AdvocacyPayable",
        "5100" => "Expenses:Advocacy:RefundCredit",
        "5200" => "Expenses:Advocacy:FeeWaiver",
        "5300" => "Expenses:Advocacy:GiftAmenity",
        "5400" => "Expenses:Advocacy:Upgrade",
        "5500" => "Expenses:Advocacy:Expedite",
        "5600" => "Expenses:Advocacy:ThirdParty",
        "5900" => "Expenses:Advocacy:Other",
        _ => return format!("Equity:Other:{}", word(&number)),
    };
    format!("{path}{part}")
}

/// An id as a part of a name: beancount wants a capital or a digit first and takes neither
/// underscores nor points; no id has capitals, so that no two ids become the same part.
fn word(id: &str) -> String {
    format!("Id-{}", id.replace('_', "U").replace('.', "D"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_account_apart_in_words_that_beancount_takes() {
        let texts = ["A100", "A200.house", "A200.-a_b", "A200.-aub", "A300.house", "A400.house"];
        let books = ["2100.house", "5100", "5200", "5300", "5400", "5500", "5600", "5900"];
        let mut names: Vec<_> =
            texts.iter().chain(&books).map(|text| name(&text.parse().unwrap())).collect();
        for name in &names {
            let mut parts = name.split(':');
            let root = parts.next().unwrap();
            assert!(["Equity", "Liabilities", "Expenses"].contains(&root), "{name}");
            assert!(!name.contains("Other:Id"), "{name}");
            for part in parts {
                assert!(part.starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
                let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
                assert!(part.chars().all(plain), "{name}");
            }
        }
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

//! Codes of the ledger on the command line: why something is exported, why somebody is erased.

use makegood_core::ledger::{ErasureBasis, ExportPurpose};

/// Why something is exported.
pub(super) fn purpose(text: &str) -> Result<ExportPurpose, String> {
    let all = ExportPurpose::ALL.iter().map(|it| it.code());
    ExportPurpose::from_code(text).ok_or_else(|| one_of(all))
}

/// Why a person is erased.
pub(super) fn basis(text: &str) -> Result<ErasureBasis, String> {
    if text == "court" {
        return Ok(ErasureBasis::Order);
    }
    let all = ErasureBasis::ALL.iter().map(|it| it.code());
    ErasureBasis::from_code(text).ok_or_else(|| one_of(all))
}

fn one_of<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    format!("write one of {}", codes.collect::<Vec<_>>().join(", "))
}

//! The regions of the numbering plans: country code, trunk prefix, exit code.
//!
//! Facts of ITU-T E.164 and of the national plans, as in libphonenumber's metadata 9.0.33.

/// How a region's national numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    /// The country code, without a plus.
    pub(super) code: &'static str,
    /// What is dialled before a number inside the country; empty if nothing is.
    pub(super) trunk: &'static str,
    /// How many digits follow the trunk prefix, where the prefix could also start a number.
    pub(super) length_after_trunk: Option<usize>,
}

/// Regions whose numbers are written as they are.
const NO_TRUNK: &str = "\
    AC247 AD376 AO244 AW297 BF226 BH973 BI257 BJ229 BN673 BQ599 BT975 BW267 BZ501 CF236 CG242 \
    CI225 CK682 CL56 CM237 CR506 CV238 CW599 CY357 CZ420 DJ253 DK45 EE372 ES34 FJ679 FK500 FM691 \
    FO298 GA241 GI350 GL299 GM220 GN224 GQ240 GR30 GT502 GW245 GY592 HK852 HN504 HT509 IO246 \
    IS354 IT39 KM269 KW965 LS266 LU352 LV371 ML223 MO853 MR222 MT356 MU230 MV960 MX52 MZ258 \
    NC687 NE227 NF672 NI505 NO47 NR674 NU683 OM968 PA507 PF689 PG675 PL48 PT351 PW680 QA974 \
    SB677 SC248 SG65 SH290 SJ47 SM378 SN221 SR597 ST239 SV503 SZ268 TA290 TD235 TG228 TJ992 \
    TK690 TL670 TN216 TO676 TV688 UZ998 VA39 VU678 WF681 WS685";

/// Regions that write a 0 before the number.
const TRUNK_0: &str = "\
    AE971 AF93 AL355 AM374 AR54 AT43 AU61 AX358 AZ994 BA387 BD880 BE32 BG359 BL590 BO591 BR55 \
    CC61 CD243 CH41 CN86 CO57 CU53 CX61 DE49 DZ213 EC593 EG20 EH212 ER291 ET251 FI358 FR33 GB44 \
    GE995 GF594 GG44 GH233 GP590 HR385 ID62 IE353 IL972 IM44 IN91 IQ964 IR98 JE44 JO962 JP81 \
    KE254 KG996 KH855 KI686 KP850 KR82 LA856 LB961 LI423 LK94 LR231 LT370 LY218 MA212 MC377 \
    MD373 ME382 MF590 MG261 MK389 MM95 MN976 MQ596 MW265 MY60 NA264 NG234 NL31 NP977 NZ64 PE51 \
    PH63 PK92 PM508 PS970 PY595 RE262 RO40 RS381 RW250 SA966 SD249 SE46 SI386 SK421 SL232 SO252 \
    SS211 SY963 TH66 TR90 TW886 TZ255 UA380 UG256 UY598 VE58 VN84 XK383 YE967 YT262 ZA27 ZM260 \
    ZW263";

/// Regions of the North American plan: ten digits, a 1 before them.
const TRUNK_1: &str = "\
    AG1 AI1 AS1 BB1 BM1 BS1 CA1 DM1 DO1 GD1 GU1 JM1 KN1 KY1 LC1 MH692 MP1 MS1 PR1 SX1 TC1 TT1 \
    US1 VC1 VG1 VI1";

/// The tables by trunk prefix, with the digits that follow it.
const PLANS: [(&str, Option<usize>, &str); 7] = [
    ("", None, NO_TRUNK),
    ("0", None, TRUNK_0),
    ("1", Some(10), TRUNK_1),
    ("06", None, "HU36"),
    ("8", Some(10), "KZ7 RU7"),
    ("8", Some(9), "BY375"),
    ("8", Some(8), "TM993"),
];

/// Country codes that belong to no region: freephone, satellites, networks.
const SHARED_CODES: [&str; 9] = ["800", "808", "870", "878", "881", "882", "883", "888", "979"];

/// What is dialled to leave a region, where it is not 00.
const EXIT_CODES: [(&str, &str); 8] = [
    ("0011", "AU CC CX"),
    ("010", "JP"),
    ("810", "BY KZ RU TJ TM"),
    ("001", "GY HK ID KH KR MN SG TH"),
    ("002", "TW"),
    ("009", "NG"),
    ("000", "KE TZ UG"),
    ("119", "CU"),
];

/// The plan of a region, named by its two letters in upper case.
pub(super) fn region(name: &str) -> Option<Region> {
    if name.len() != 2 {
        return None;
    }
    PLANS.iter().find_map(|&(trunk, length_after_trunk, regions)| {
        let code = regions.split_ascii_whitespace().find_map(|it| it.strip_prefix(name))?;
        Some(Region { code, trunk, length_after_trunk })
    })
}

/// What is dialled to leave a region, besides 00.
pub(super) fn exit_code(name: &str, plan: Region) -> Option<&'static str> {
    if plan.code == "1" {
        return Some("011");
    }
    let uses = |regions: &str| regions.split_ascii_whitespace().any(|it| it == name);
    EXIT_CODES.iter().find(|(_, regions)| uses(regions)).map(|&(exit, _)| exit)
}

/// The country code with which an international number starts, and whether the country writes a
/// 0 before its national numbers.
pub(super) fn country_code(digits: &str) -> Option<(&'static str, bool)> {
    let shared = SHARED_CODES.iter().find(|code| digits.starts_with(**code));
    shared.map(|code| (*code, false)).or_else(|| {
        PLANS.iter().find_map(|(trunk, _, regions)| {
            // No country code is the start of another one, so that the first hit is the one.
            let codes = regions.split_ascii_whitespace().filter_map(|it| it.get(2..));
            codes
                .into_iter()
                .find(|code| digits.starts_with(code))
                .map(|code| (code, *trunk == "0"))
        })
    })
}

//! Names from many places, with the language and the time zone that may go with them.

use super::dice::Dice;

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The whole name.
    pub(super) full: String,
    /// The name for a sentence.
    pub(super) short: &'static str,
    /// BCP 47 language.
    pub(super) language: &'static str,
    /// IANA time zone.
    pub(super) time_zone: &'static str,
    /// The region of the house in which the person lives.
    pub(super) region: &'static str,
}

/// People of one language.
struct Group {
    language: &'static str,
    /// First names and last names between white space: a line of a list would be a line of code.
    first: &'static str,
    last: &'static str,
    homes: &'static [(&'static str, &'static str)],
}

const US: &[(&str, &str)] = &[
    ("America/New_York", "East"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Los_Angeles", "West"),
];

const ENGLISH: Group = Group {
    language: "en-US",
    first: "Olivia James Emma Michael Grace Daniel Hannah Robert Chloe David Abigail Thomas \
        Ruth Andrew Naomi Marcus Tessa Walter Joan Elliot",
    last: "Carter Bennett Hughes Foster Graham Porter Ellis Marshall Whitfield Doyle Barnes \
        Sutton Walsh Pierce Holloway Rhodes Fleming Lowe Kirby Ashford",
    homes: US,
};

const SPANISH: Group = Group {
    language: "es-US",
    first: "Sofía Mateo Valentina Diego Camila Javier Lucía Andrés Elena Raúl Carmen Óscar",
    last: "Hernández Ramírez Ortiz Castillo Vargas Navarro Fuentes Molina Ríos Peña Salazar \
        Ibáñez",
    homes: &[
        ("America/Chicago", "Central"),
        ("America/Los_Angeles", "West"),
        ("America/Mexico_City", "South"),
    ],
};

const BRITISH: Group = Group {
    language: "en-GB",
    first: "Amelia Oliver Isla Harriet Callum Priya Imran Rhys Siobhan Ewan",
    last: "Patel Hughes MacLeod Okonkwo Davies Ahmed Fraser Khan Byrne Clarke",
    homes: &[("Europe/London", "Europe"), ("Europe/Dublin", "Europe")],
};

const GERMAN: Group = Group {
    language: "de-DE",
    first: "Jürgen Anneliese Lukas Katharina Moritz Greta Yusuf Johanna Bärbel Emre",
    last: "Schröder Huber Weiß Yılmaz Krüger Baumgartner Vogel Lindner Jäger Steiner",
    homes: &[("Europe/Berlin", "Europe"), ("Europe/Vienna", "Europe"), ("Europe/Zurich", "Europe")],
};

const FRENCH: Group = Group {
    language: "fr-CA",
    first: "Élodie Mathieu Chantal Benoît Noémie Aïcha Gaël Solène Étienne Maëlle",
    last: "Tremblay Gagné Lefèvre Côté Bélanger Diallo Moreau Fournier Rousseau Lévesque",
    homes: &[("America/Toronto", "East"), ("Europe/Paris", "Europe")],
};

const NIGERIAN: Group = Group {
    language: "en-NG",
    first: "Adaeze Chinedu Ngozi Tunde Folake Emeka Yetunde Kelechi Amina Segun",
    last: "Adeyemi Okafor Balogun Eze Nwosu Bello Olawale Uche Danjuma Obi",
    homes: &[("Africa/Lagos", "Africa"), ("America/New_York", "East")],
};

const INDIAN: Group = Group {
    language: "en-IN",
    first: "Aarav Ananya Rohan Meera Vikram Kavya Arjun Divya Farhan Lakshmi",
    last: "Sharma Iyer Reddy Banerjee Kapoor Nair Singh Qureshi Desai Menon",
    homes: &[("Asia/Kolkata", "Asia"), ("America/Los_Angeles", "West")],
};

const PORTUGUESE: Group = Group {
    language: "pt-BR",
    first: "João Beatriz Thiago Larissa Luís Conceição Caio Inês",
    last: "Araújo Gonçalves Moreira Simões Brandão Teixeira Magalhães Lima",
    homes: &[("America/Sao_Paulo", "South"), ("America/New_York", "East")],
};

const POLISH: Group = Group {
    language: "pl-PL",
    first: "Łukasz Małgorzata Zofia Paweł Świętosława Krzysztof Jagoda Bożena",
    last: "Nowicki Dąbrowska Żuk Wójcik Śliwa Piątek Jabłońska Gołąb",
    homes: &[("Europe/Warsaw", "Europe"), ("America/Chicago", "Central")],
};

const VIETNAMESE: Group = Group {
    language: "vi-VN",
    first: "Linh Minh Thảo Quang Hương Đức Ngọc Phúc",
    last: "Nguyễn Trần Lê Phạm Đặng Bùi Võ Đỗ",
    homes: &[("Asia/Ho_Chi_Minh", "Asia"), ("America/Los_Angeles", "West")],
};

const ARABIC: Group = Group {
    language: "ar-JO",
    first: "Layla Omar Yasmin Khalid Salma Tariq Huda Ziad",
    last: "Haddad Mansour Khoury Saleh Nasser Darwish Qasim Zaman",
    homes: &[("Asia/Amman", "Middle East"), ("America/New_York", "East")],
};

const JAPANESE: Group = Group {
    language: "ja-JP",
    first: "Yuki Haruto Sakura Kenji Aiko Daichi Naoko Ren",
    last: "Tanaka Watanabe Kobayashi Yamamoto Mori Ishikawa Fujita Ogawa",
    homes: &[("Asia/Tokyo", "Asia"), ("America/Los_Angeles", "West")],
};

const GROUPS: [(u32, &Group); 12] = [
    (40, &ENGLISH),
    (18, &SPANISH),
    (8, &BRITISH),
    (5, &GERMAN),
    (5, &FRENCH),
    (5, &NIGERIAN),
    (6, &INDIAN),
    (4, &PORTUGUESE),
    (3, &POLISH),
    (2, &VIETNAMESE),
    (2, &ARABIC),
    (2, &JAPANESE),
];

/// A name by chance.
pub(super) fn name(dice: &mut Dice) -> Name {
    let group = *dice.weighted(&GROUPS);
    let first = word(dice, group.first);
    let mut last = word(dice, group.last).to_owned();
    if dice.chance(6) {
        // Families meet: a second name of anybody's.
        let other = *dice.weighted(&GROUPS);
        last = format!("{last}-{}", word(dice, other.last));
    }
    let (time_zone, region) = *dice.pick(group.homes);
    Name {
        full: format!("{first} {last}"),
        short: first,
        language: group.language,
        time_zone,
        region,
    }
}

/// One of the words of a text.
fn word(dice: &mut Dice, words: &'static str) -> &'static str {
    let all: Vec<_> = words.split_ascii_whitespace().collect();
    dice.pick::<&'static str>(&all)
}

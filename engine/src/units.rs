//! Amounts as people write them: a whole number and its unit, such as `30s` or `10MB`.

use std::time::Duration;

/// Milliseconds in each unit of time, longest first.
const TIME: &[(&str, u64)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Bytes in each unit of size, in the order in which one is chosen for printing.
const SIZE: &[(&str, u64)] = &[
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// The span that `text` names, such as `250ms`, `90s`, `5m`, `1h` or `7d`.
///
/// The unit is required: a bare number reads as seconds to one and milliseconds to another. The error reads well
/// after the name of what was being read.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    amount(text, TIME, "ms, s, m, h or d").map(Duration::from_millis)
}

/// The span in the longest unit that gives a whole number; what is below a millisecond is left out.
pub fn format_duration(span: Duration) -> String {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 { "0s".to_owned() } else { whole(ms, TIME) }
}

/// The number of bytes that `text` names, such as `500B`, `64KiB` or `10MB` (a MB is a million bytes).
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    amount(text, SIZE, "B, kB, MB, GB, KiB, MiB or GiB")
}

/// The number of bytes in the largest unit that gives a whole number, decimal units first.
pub fn format_bytes(bytes: u64) -> String {
    if bytes == 0 { "0B".to_owned() } else { whole(bytes, SIZE) }
}

fn amount(text: &str, units: &[(&str, u64)], names: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = (&text[..digits], text[digits..].trim_start());
    if number.is_empty() {
        return Err(format!("{text:?} does not start with a whole number"));
    }
    if unit.is_empty() {
        return Err(format!("{text:?} has no unit: write {names} after the number"));
    }
    let Some((_, each)) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) else {
        return Err(format!("{text:?} has the unit {unit:?}, which is none of {names}"));
    };
    let number = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*each));
    number.ok_or_else(|| format!("{text:?} is too large"))
}

/// `n`, which is not 0, in the first unit that divides it.
fn whole(n: u64, units: &[(&str, u64)]) -> String {
    let (name, each) = units.iter().find(|(_, each)| n.is_multiple_of(*each)).expect("the last unit is 1");
    format!("{}{name}", n / each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_its_unit_and_is_printed_in_the_longest_that_fits() {
        for (text, ms) in [("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000), ("7d", 604_800_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)));
            assert_eq!(format_duration(Duration::from_millis(ms)), text);
        }
        assert_eq!(parse_duration(" 5 M "), Ok(Duration::from_mins(5)));
        assert_eq!(format_duration(Duration::from_mins(1)), "1m");
        assert_eq!(format_duration(Duration::ZERO), "0s");
        for text in
            ["", "30", "s", "-5s", "1.5h", "1h30m", "5 fortnights", "99999999999999999999s", "99999999999999999d"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_counts_in_thousands_or_in_1024s_as_its_unit_says() {
        for (text, bytes) in
            [("500B", 500), ("64KiB", 65_536), ("10MB", 10_000_000), ("3GiB", 3 << 30), ("2GB", 2_000_000_000)]
        {
            assert_eq!(parse_bytes(text), Ok(bytes));
            assert_eq!(format_bytes(bytes), text);
        }
        assert_eq!(format_bytes(0), "0B");
        assert!(parse_bytes("10").is_err());
    }
}

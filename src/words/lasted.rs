//! How long something lasted, in words.

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Seconds as people say them, for example `6 min`, `3 h` or `12 days`.
pub fn lasted(seconds: i64) -> String {
    let amount = |unit: i64| ((seconds + unit / 2) / unit).max(1);
    match seconds {
        ..5_400 => format!("{} min", amount(MINUTE)),
        5_400..172_800 => format!("{} h", amount(HOUR)),
        _ => format!("{} days", amount(DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_the_unit_that_fits_it() {
        let told = [0, 89, 90, 5_399, 5_400, 90_000, 2 * DAY, 12 * DAY].map(lasted);
        assert_eq!(told, ["1 min", "1 min", "2 min", "90 min", "2 h", "25 h", "2 days", "12 days"]);
    }
}

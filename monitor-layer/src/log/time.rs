use std::{
    cell::Cell,
    fmt,
    io::Write as _,
    time::{Duration, SystemTime},
};

const SECONDS_A_DAY: u64 = 86_400;
/// Of the 400 years after which the Gregorian calendar repeats.
const DAYS_AN_ERA: u64 = 146_097;
/// From 1 March of the year 0 to 1 January 1970.
const DAYS_BEFORE_1970: u64 = 719_468;

/// The bytes of `1970-01-01T00:00:00.`
const TO_SECOND: usize = 20;

/// A moment as RFC 3339 writes it: UTC, milliseconds, `Z`.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp(Duration);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }
}

impl Timestamp {
    /// Hour, minute, second and millisecond of the day.
    pub(super) const fn clock(self) -> Clock {
        Clock(self)
    }

    /// Writes it as it displays; what is before the milliseconds only once a second on each thread.
    pub(super) fn push_to(self, text: &mut Vec<u8>) {
        thread_local! {
            static SECOND: Cell<(u64, [u8; TO_SECOND])> = const { Cell::new((u64::MAX, [0; TO_SECOND])) };
        }

        let second = self.0.as_secs();
        let milliseconds = self.0.subsec_millis() as u16;
        if let Ok((known, start)) = SECOND.try_with(Cell::get)
            && known == second
        {
            let digit = |place| b'0' + (milliseconds / place % 10) as u8;
            text.extend_from_slice(&start);
            text.extend_from_slice(&[digit(100), digit(10), digit(1), b'Z']);
            return;
        }
        let start = text.len();
        let _ = write!(text, "{self}");
        if let Some(written) = text[start..].first_chunk() {
            let _ = SECOND.try_with(|known| known.set((second, *written)));
        }
    }

    /// Year, month and day, counted in years that begin in March: the day that leaps is then the last.
    fn date(self) -> (u64, u64, u64) {
        let days = self.0.as_secs() / SECONDS_A_DAY + DAYS_BEFORE_1970;
        let (era, day) = (days / DAYS_AN_ERA, days % DAYS_AN_ERA);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let year = era * 400 + year;
        match month {
            0..=9 => (year, month + 3, day),
            _ => (year + 1, month - 9, day),
        }
    }
}

/// The time of day alone.
pub(super) struct Clock(Timestamp);

impl fmt::Display for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.0.as_secs() % SECONDS_A_DAY;
        write!(
            formatter,
            "{:02}:{:02}:{:02}.{:03}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            self.0.0.subsec_millis()
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(formatter, "{year:04}-{month:02}-{day:02}T{}Z", self.clock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: u64, milliseconds: u64) -> String {
        let since = Duration::from_secs(seconds) + Duration::from_millis(milliseconds);
        Timestamp::from(SystemTime::UNIX_EPOCH + since).to_string()
    }

    #[test]
    fn days_that_leap_and_years_that_do_not_are_told_right() {
        assert_eq!(written(0, 7), "1970-01-01T00:00:00.007Z");
        assert_eq!(written(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(written(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(written(1_735_689_599, 0), "2024-12-31T23:59:59.000Z");
        assert_eq!(written(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn it_is_written_as_it_displays() {
        for milliseconds in [0, 7, 999, 1_000, 1_042, 951_782_399_999, 999, 1_000] {
            let since = Duration::from_millis(milliseconds);
            let moment = Timestamp::from(SystemTime::UNIX_EPOCH + since);
            let mut text = Vec::new();
            moment.push_to(&mut text);
            assert_eq!(text, moment.to_string().into_bytes());
        }
    }

    #[test]
    fn a_clock_before_1970_reads_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(
            Timestamp::from(before).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
    }
}

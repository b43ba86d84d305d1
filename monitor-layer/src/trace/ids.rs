use std::{
    cell::Cell,
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    num::{NonZeroU64, NonZeroU128},
    time::SystemTime,
};

use super::hex::{hex, parse_lower_hex};

/// The id of a trace: 16 bytes, never all zero; 32 lower-case hex digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// The id of a span: 8 bytes, never all zero; 16 lower-case hex digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// A random id, from a generator of this thread's own: unique, not secret.
    #[must_use]
    pub fn generate() -> Self {
        loop {
            let bits = u128::from(random()) << 64 | u128::from(random());
            if let Some(id) = NonZeroU128::new(bits) {
                return Self(id);
            }
        }
    }

    /// `None` where all bytes are zero.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        NonZeroU128::new(u128::from_be_bytes(bytes)).map(Self)
    }

    /// The bytes, most significant first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }

    /// Exactly 32 lower-case hex digits, not all zero.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let text: &[u8; 32] = text.try_into().ok()?;
        NonZeroU128::new(parse_lower_hex(text)?).map(Self)
    }

    /// 32 hex digits of any case or a UUID, not all zero: what callers have at hand for an id.
    ///
    /// ```
    /// use monitor_layer::TraceId;
    ///
    /// let id = TraceId::from_uuid_or_hex("0AF76519-16cd-43dd-8448-eb211c80319c").unwrap();
    /// assert_eq!(id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    /// assert_eq!(TraceId::from_uuid_or_hex("order-17"), None);
    /// ```
    #[must_use]
    pub fn from_uuid_or_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let mut digits = [0; 32];
        match text.len() {
            32 => digits.copy_from_slice(text),
            36 if [8, 13, 18, 23].iter().all(|place| text[*place] == b'-') => {
                let mut filled = 0;
                for group in [0..8, 9..13, 14..18, 19..23, 24..36] {
                    let group = &text[group];
                    digits[filled..filled + group.len()].copy_from_slice(group);
                    filled += group.len();
                }
            }
            _ => return None,
        }
        digits.make_ascii_lowercase();
        Self::from_hex(&digits)
    }

    /// As it displays.
    #[inline]
    pub(crate) fn to_hex(self) -> [u8; 32] {
        let number = self.0.get();
        let mut digits = [0; 32];
        digits[..16].copy_from_slice(&hex((number >> 64) as u64));
        digits[16..].copy_from_slice(&hex(number as u64));
        digits
    }

    /// The part that W3C Trace Context level 2 (3.2.2.3.2) says is random where the random flag is set.
    pub(crate) fn randomness(self) -> u64 {
        (self.0.get() & 0x00ff_ffff_ffff_ffff) as u64
    }
}

impl SpanId {
    /// A random id, from a generator of this thread's own: unique, not secret.
    #[must_use]
    pub fn generate() -> Self {
        loop {
            if let Some(id) = NonZeroU64::new(random()) {
                return Self(id);
            }
        }
    }

    /// `None` where all bytes are zero.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        NonZeroU64::new(u64::from_be_bytes(bytes)).map(Self)
    }

    /// The bytes, most significant first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// As it displays.
    #[inline]
    pub(crate) fn to_hex(self) -> [u8; 16] {
        hex(self.0.get())
    }

    /// Exactly 16 lower-case hex digits, not all zero.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let text: &[u8; 16] = text.try_into().ok()?;
        let bits = parse_lower_hex(text)?;
        NonZeroU64::new(bits as u64).map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The flags that travel with a trace (W3C Trace Context level 2, 3.2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// The caller may have recorded this trace.
    pub const SAMPLED: Self = Self(0x01);
    /// The last seven bytes of the trace id are random.
    pub const RANDOM: Self = Self(0x02);

    /// Keeps the flags that are defined; the others must not be passed on.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & (Self::SAMPLED.0 | Self::RANDOM.0))
    }

    /// The flags as they are sent.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Whether the trace id is random enough to be sampled by.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.0 & Self::RANDOM.0 != 0
    }

    /// The same with `sampled` so.
    #[must_use]
    pub const fn with_sampled(self, sampled: bool) -> Self {
        if sampled {
            Self(self.0 | Self::SAMPLED.0)
        } else {
            Self(self.0 & !Self::SAMPLED.0)
        }
    }
}

thread_local! {
    static GENERATOR: Cell<[u64; 4]> = Cell::new([seed(), seed(), seed(), seed()]);
}

/// xoshiro256++, whose state is seeded by the system's randomness once a thread.
fn random() -> u64 {
    GENERATOR
        .try_with(|generator| {
            let mut state = generator.get();
            let result = state[0]
                .wrapping_add(state[3])
                .rotate_left(23)
                .wrapping_add(state[0]);
            let shifted = state[1] << 17;
            state[2] ^= state[0];
            state[3] ^= state[1];
            state[1] ^= state[2];
            state[0] ^= state[3];
            state[2] ^= shifted;
            state[3] = state[3].rotate_left(45);
            generator.set(state);
            result
        })
        // The thread is being torn down: slower, and as good.
        .unwrap_or_else(|_| seed())
}

/// `RandomState` is keyed by the system's randomness; the time keeps apart what it derives from one key.
fn seed() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    if let Ok(now) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        hasher.write_u128(now.as_nanos());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_written_as_they_are_read() {
        let id = TraceId::from_hex(b"0af7651916cd43dd8448eb211c80319c").unwrap();
        assert_eq!(&id.to_hex(), b"0af7651916cd43dd8448eb211c80319c");
        assert_eq!(TraceId::from_bytes(id.to_bytes()), Some(id));
        let span = SpanId::from_hex(b"00f067aa0ba902b7").unwrap();
        assert_eq!(span.to_string(), "00f067aa0ba902b7");
        assert_eq!(&span.to_hex(), b"00f067aa0ba902b7");
        assert_eq!(SpanId::from_bytes(span.to_bytes()), Some(span));
    }

    #[test]
    fn an_id_is_never_zero_nor_upper_case_nor_of_another_length() {
        assert_eq!(TraceId::from_hex(&[b'0'; 32]), None);
        assert_eq!(TraceId::from_hex(b"0AF7651916cd43dd8448eb211c80319c"), None);
        assert_eq!(TraceId::from_hex(b"0af7651916cd43dd8448eb211c80319"), None);
        assert_eq!(SpanId::from_hex(&[b'0'; 16]), None);
        assert_eq!(SpanId::from_bytes([0; 8]), None);
    }

    #[test]
    fn hyphens_are_taken_out_where_a_uuid_has_them_only() {
        let taken = |text| TraceId::from_uuid_or_hex(text).is_some();
        assert!(taken("0af76519-16cd-43dd-8448-eb211c80319c"));
        assert!(!taken("0af7651-916cd-43dd-8448-eb211c80319c"));
        assert!(!taken("0af76519-16cd-43dd-8448-eb211c80319-"));
        assert!(!taken("00000000-0000-0000-0000-000000000000"));
        assert!(!taken("äöüäöüäöüäöüäöüä"));
    }

    #[test]
    fn ids_of_many_threads_are_all_different() {
        let ids: Vec<TraceId> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..2_000).map(|_| TraceId::generate()).collect::<Vec<_>>())
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 16_000);
    }
}

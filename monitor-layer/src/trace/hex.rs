//! Hex digits as the ids of a trace have them: lower-case, and as many as there are.

/// Those of a number, by calculating with eight of them at once.
#[inline]
pub(super) fn hex(number: u64) -> [u8; 16] {
    const ONES: u64 = 0x0101_0101_0101_0101;

    let mut digits = [0; 16];
    for (half, place) in [number >> 32, number & 0xffff_ffff].into_iter().zip([0, 8]) {
        // Each nibble into a byte of its own.
        let mut spread = half;
        spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
        spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
        spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        let letters = ((spread + 6 * ONES) >> 4) & ONES;
        let text = spread + u64::from(b'0') * ONES + letters * u64::from(b'a' - b'0' - 10);
        digits[place..place + 8].copy_from_slice(&text.to_be_bytes());
    }
    digits
}

pub(super) fn parse_lower_hex(text: &[u8]) -> Option<u128> {
    let mut bits = 0_u128;
    for byte in text {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        bits = bits << 4 | u128::from(digit);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_s_digits_are_those_that_it_is_formatted_with() {
        let mut number: u64 = 42;
        for _ in 0..10_000 {
            number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number >> 7;
            let digits = hex(number);
            assert_eq!(digits, *format!("{number:016x}").as_bytes());
            assert_eq!(parse_lower_hex(&digits), Some(number.into()));
        }
    }
}

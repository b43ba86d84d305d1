use std::sync::{Arc, OnceLock};

use super::StepSite;
use crate::metrics::{Metrics, StepMetrics};

/// A monitor's instruments of each step, by the site's number: found without hashing its name or taking a lock.
pub(crate) struct SiteTable {
    /// Each twice as long as the one before, so that what is known never moves.
    blocks: [OnceLock<Box<[Slot]>>; BLOCKS],
}

type Slot = OnceLock<Arc<StepMetrics>>;

/// How many sites the first block has places for, as a power of two.
const FIRST_BITS: u32 = 6;
const BLOCKS: usize = (usize::BITS - FIRST_BITS) as usize;

impl SiteTable {
    #[inline]
    pub(super) fn instruments(&self, site: &StepSite, metrics: &Metrics) -> &StepMetrics {
        let (block, place) = place(site.number());
        let block = self.blocks[block].get_or_init(|| {
            let length = 1 << (FIRST_BITS as usize + block);
            (0..length).map(|_| Slot::new()).collect()
        });
        block[place].get_or_init(|| metrics.step(site.name()))
    }
}

impl Default for SiteTable {
    fn default() -> Self {
        Self {
            blocks: [const { OnceLock::new() }; BLOCKS],
        }
    }
}

/// Numbers from 0 to 63 are in the first block, the next 128 in the second, and so on.
const fn place(number: usize) -> (usize, usize) {
    let shifted = number.saturating_add(1 << FIRST_BITS);
    let block = (shifted.ilog2() - FIRST_BITS) as usize;
    (block, shifted - (1 << (FIRST_BITS as usize + block)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_a_place_of_its_own() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(191), (1, 127));
        assert_eq!(place(192), (2, 0));
        let (block, place) = place(usize::MAX);
        assert!(block < BLOCKS && place < usize::MAX / 2 + 1);
    }
}

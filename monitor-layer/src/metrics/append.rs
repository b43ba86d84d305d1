//! A list and an index that only grow: read without a lock, so that finding a series writes to nothing shared.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use once_cell::race::OnceBox;

const FIRST_SEGMENT: usize = 8;
/// Room for 2^32 entries.
const SEGMENTS: usize = 29;

/// Entries that stay where they are, side by side, as a scrape goes through them. Pushed one at a time, under a lock of
/// the owner's.
pub(super) struct AppendList<T> {
    /// Each twice as long as the one before.
    segments: [OnceLock<Box<[OnceLock<T>]>>; SEGMENTS],
    length: AtomicU32,
}

impl<T> AppendList<T> {
    /// Adds an entry, and gives its number and its place. The caller holds its lock.
    pub(super) fn push(&self, entry: T) -> (u32, &T) {
        let number = self.length.load(Ordering::Relaxed);
        let (segment, at) = place(number);
        let entries = self.segments[segment].get_or_init(|| {
            let length = FIRST_SEGMENT << segment;
            (0..length).map(|_| OnceLock::new()).collect()
        });
        // Free, for only `push` writes here, and one at a time.
        let entry = entries[at].get_or_init(|| entry);
        self.length.store(number + 1, Ordering::Release);
        (number, entry)
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let (segment, at) = place(number);
        self.segments[segment].get()?.get(at)?.get()
    }

    pub(super) fn len(&self) -> u32 {
        self.length.load(Ordering::Acquire)
    }

    /// The entries there are now, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let mut left = self.len() as usize;
        self.segments
            .iter()
            .map_while(OnceLock::get)
            .flat_map(|segment| segment.iter())
            .take_while(move |_| left.checked_sub(1).inspect(|next| left = *next).is_some())
            .filter_map(OnceLock::get)
    }
}

impl<T> Default for AppendList<T> {
    fn default() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            length: AtomicU32::new(0),
        }
    }
}

/// Segment `n` starts at entry `FIRST_SEGMENT * (2^n - 1)`.
#[inline]
fn place(number: u32) -> (usize, usize) {
    let shifted = number as usize + FIRST_SEGMENT;
    let segment = (shifted / FIRST_SEGMENT).ilog2() as usize;
    (segment, shifted - (FIRST_SEGMENT << segment))
}

/// Past the first one.
const LEVELS: usize = 5;
/// Places that are looked at on one level; the next level is eight times as large. On the last level it is all of them.
const WINDOW: usize = 8;
const GROWTH: u32 = WINDOW.ilog2();

/// Numbers of entries by hash. An entry stands at the first place that was free when it came, and none ever leaves:
/// so a free place on the way means that there is none.
///
/// `FIRST` places, a power of two from 8 up, are found without another look into memory.
pub(super) struct Index<const FIRST: usize> {
    first: [AtomicU64; FIRST],
    more: OnceBox<[OnceLock<Box<[AtomicU64]>>; LEVELS]>,
}

/// What a free place holds. Others have half of the hash above the entry's number plus one.
const FREE: u64 = 0;
const NUMBER_BITS: u32 = 32;

impl<const FIRST: usize> Index<FIRST> {
    /// The entry of this hash that `is_it`. Entries of other hashes are not asked for, but for one in 2^32.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        match look(&self.first, hash, WINDOW, &is_it) {
            Looked::Found(entry) => Some(entry),
            Looked::Free => None,
            Looked::Full => self.find_further(hash, &is_it),
        }
    }

    fn find_further(&self, hash: u64, is_it: &impl Fn(u32) -> bool) -> Option<u32> {
        for (at, level) in self.more.get()?.iter().enumerate() {
            let places = level.get()?;
            let window = if at + 1 < LEVELS {
                WINDOW
            } else {
                places.len()
            };
            match look(places, hash, window, is_it) {
                Looked::Found(entry) => return Some(entry),
                Looked::Free => return None,
                Looked::Full => {}
            }
        }
        None
    }

    /// Adds an entry that is not there. The caller holds its lock.
    ///
    /// There is room: the last level alone has 32 768 times the places of the first, more than there may be series.
    pub(super) fn insert(&self, hash: u64, entry: u32) {
        let held = hash >> NUMBER_BITS << NUMBER_BITS | u64::from(entry + 1);
        if put(&self.first, hash, WINDOW, held) {
            return;
        }
        let more = self.more.get_or_init(Box::default);
        for (level, places) in (1..).zip(more) {
            let places = places.get_or_init(|| {
                let length = FIRST << (GROWTH * level as u32);
                (0..length).map(|_| AtomicU64::new(FREE)).collect()
            });
            let window = if level < LEVELS { WINDOW } else { places.len() };
            if put(places, hash, window, held) {
                return;
            }
        }
    }
}

impl<const FIRST: usize> Default for Index<FIRST> {
    fn default() -> Self {
        Self {
            first: [const { AtomicU64::new(FREE) }; FIRST],
            more: OnceBox::new(),
        }
    }
}

enum Looked {
    Found(u32),
    /// It would stand here.
    Free,
    /// It may be on the next level.
    Full,
}

#[inline]
fn look(places: &[AtomicU64], hash: u64, window: usize, is_it: &impl Fn(u32) -> bool) -> Looked {
    for place in window_of(hash, places.len(), window) {
        let held = places[place].load(Ordering::Acquire);
        if held == FREE {
            return Looked::Free;
        }
        let entry = (held as u32).wrapping_sub(1);
        if held >> NUMBER_BITS == hash >> NUMBER_BITS && is_it(entry) {
            return Looked::Found(entry);
        }
    }
    Looked::Full
}

/// `false` where there is no place.
fn put(places: &[AtomicU64], hash: u64, window: usize, held: u64) -> bool {
    let mut window = window_of(hash, places.len(), window);
    let free = window.find(|place| places[*place].load(Ordering::Relaxed) == FREE);
    if let Some(place) = free {
        places[place].store(held, Ordering::Release);
    }
    free.is_some()
}

#[inline]
fn window_of(hash: u64, length: usize, window: usize) -> impl Iterator<Item = usize> {
    (0..window).map(move |step| (hash as usize).wrapping_add(step) & (length - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_number_and_their_order() {
        let list = AppendList::default();
        for entry in 0..1_000_u32 {
            assert_eq!(list.push(entry), (entry, &entry));
        }
        assert!((0..1_000).all(|number| list.get(number) == Some(&number)));
        assert_eq!(list.get(1_000), None);
        assert!(list.iter().copied().eq(0..1_000));
    }

    #[test]
    fn entries_of_one_hash_are_told_apart_by_what_they_are() {
        let index = Index::<8>::default();
        for entry in 0..40 {
            assert_eq!(index.find(7, |found| found == entry), None);
            index.insert(7, entry);
        }
        assert!((0..40).all(|entry| index.find(7, |found| found == entry) == Some(entry)));
        assert_eq!(index.find(7, |_| false), None);
    }

    #[test]
    fn more_entries_than_the_levels_windows_hold_are_all_found() {
        const ENTRIES: u32 = 300;

        let index = Index::<8>::default();
        // Of one hash: each level but the last takes eight of them.
        (0..ENTRIES).for_each(|entry| index.insert(3, entry));
        assert!((0..ENTRIES).all(|entry| index.find(3, |found| found == entry) == Some(entry)));
        assert_eq!(index.find(3, |_| false), None);
    }

    #[test]
    fn what_many_threads_add_is_there_once() {
        use std::sync::Mutex;

        let (list, index, growing) = (AppendList::default(), Index::<8>::default(), Mutex::new(()));
        let number_of = |key: u64| {
            let is_it = |entry| list.get(entry) == Some(&key);
            if let Some(entry) = index.find(key, is_it) {
                return entry;
            }
            let _growing = growing.lock().unwrap();
            index.find(key, is_it).unwrap_or_else(|| {
                let (entry, _) = list.push(key);
                index.insert(key, entry);
                entry
            })
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in 0..5_000_u64 {
                        number_of(key % 700);
                    }
                });
            }
        });
        assert_eq!(list.len(), 700);
        let mut keys: Vec<_> = list.iter().copied().collect();
        keys.sort_unstable();
        assert!(keys.into_iter().eq(0..700));
    }
}

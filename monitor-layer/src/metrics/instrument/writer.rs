//! Which shard a thread writes to, and whether it is alone there.

use std::{
    cell::Cell,
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use once_cell::race::OnceBox;

/// One part of an instrument for each thread that writes, up to a cap.
///
/// The first half of them belongs to one thread each, which may write without an atomic read-modify-write; the other
/// half is shared by all further threads. A number comes free when its thread ends, and the next thread to take it
/// goes on where the last one stopped: nothing is lost.
pub(super) struct Shards<P> {
    /// Those that most instruments get along with, found without another look into memory.
    first: [P; FIRST],
    rest: OnceBox<Box<[P]>>,
}

const FIRST: usize = 2;

/// Where a shard stands once a thread has written to it.
pub(super) trait Place: Default {
    type Shard;

    fn shard(&self) -> Option<&Self::Shard>;

    fn shard_or_new(&self, owner: Owner) -> &Self::Shard;
}

impl<T: Default> Place for OnceBox<T> {
    type Shard = T;

    #[inline]
    fn shard(&self) -> Option<&T> {
        self.get()
    }

    #[inline]
    fn shard_or_new(&self, _: Owner) -> &T {
        self.get_or_init(Box::default)
    }
}

/// Who writes to a shard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Owner {
    /// The thread of this number alone.
    Thread(u32),
    All,
}

impl<P: Place> Shards<P> {
    pub(super) fn new() -> Self {
        Self {
            first: Default::default(),
            rest: OnceBox::new(),
        }
    }

    /// Lets the calling thread write to its shard. `cap` is how many there may be, the same at every call.
    #[inline]
    pub(super) fn write(&self, cap: usize, write: impl FnOnce(&P::Shard, Access)) {
        let cap = cap.max(1);
        let alone = cap / 2;
        let thread = thread_number();
        let number = thread as usize;
        let (place, owner, access) = match number < alone {
            true => (number, Owner::Thread(thread), Access::Alone),
            false => {
                let place = alone + number % (cap - alone);
                (place, Owner::All, Access::Shared)
            }
        };
        let shard = match self.first.get(place) {
            Some(shard) => shard,
            None => &self.rest(cap)[place - FIRST],
        };
        write(shard.shard_or_new(owner), access);
    }

    /// Every shard that a thread has written to.
    pub(super) fn written(&self) -> impl Iterator<Item = &P::Shard> {
        let rest = self.rest.get().map(|rest| &**rest);
        self.first
            .iter()
            .chain(rest.unwrap_or_default())
            .filter_map(Place::shard)
    }

    /// Only threads whose place is past the first ones get here.
    fn rest(&self, cap: usize) -> &[P] {
        self.rest.get_or_init(|| {
            let rest = FIRST..cap;
            Box::new(rest.map(|_| P::default()).collect())
        })
    }
}

/// Whether other threads may write to the same place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Access {
    Alone,
    Shared,
}

impl Access {
    /// Adds, and gives the new value.
    ///
    /// Release, so that who reads one number and then another sees no effect before its cause.
    #[inline]
    pub(super) fn add_u32(self, number: &AtomicU32, amount: u32) -> u32 {
        match self {
            Self::Alone => {
                let sum = number.load(Ordering::Relaxed).wrapping_add(amount);
                number.store(sum, Ordering::Release);
                sum
            }
            Self::Shared => number
                .fetch_add(amount, Ordering::Release)
                .wrapping_add(amount),
        }
    }

    /// Adds, and gives the new value.
    #[inline]
    pub(super) fn add_u64(self, number: &AtomicU64, amount: u64) -> u64 {
        match self {
            Self::Alone => {
                let sum = number.load(Ordering::Relaxed).wrapping_add(amount);
                number.store(sum, Ordering::Release);
                sum
            }
            Self::Shared => number
                .fetch_add(amount, Ordering::Release)
                .wrapping_add(amount),
        }
    }
}

/// Of a thread that has not written yet.
const NONE: u32 = u32::MAX;
/// Of a thread that is being torn down and has given its number back: never alone.
const LEAVING: u32 = u32::MAX - 1;

thread_local! {
    // Without a destructor, so that it can be read while the thread is torn down.
    static NUMBER: Cell<u32> = const { Cell::new(NONE) };
    static TAKEN: Taken = Taken(take_number());
}

#[inline]
fn thread_number() -> u32 {
    match NUMBER.get() {
        NONE => number_thread(),
        number => number,
    }
}

#[cold]
fn number_thread() -> u32 {
    let number = TAKEN.try_with(|taken| taken.0).unwrap_or(LEAVING);
    NUMBER.set(number);
    number
}

/// A number that this thread alone has until it ends.
struct Taken(u32);

impl Drop for Taken {
    fn drop(&mut self) {
        // First, for what other destructors of this thread still observe must not race with the next owner.
        NUMBER.set(LEAVING);
        let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.free.push(Reverse(self.0));
    }
}

struct Numbers {
    next: u32,
    free: BinaryHeap<Reverse<u32>>,
}

static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers {
    next: 0,
    free: BinaryHeap::new(),
});

/// The lowest that is free. The lock hands what the last owner wrote on to the next.
fn take_number() -> u32 {
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Reverse(number)) = numbers.free.pop() {
        return number;
    }
    let number = numbers.next;
    numbers.next = number.saturating_add(1).min(LEAVING);
    number
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    const CAP: usize = 4;

    #[derive(Default)]
    struct Count(AtomicU64);

    fn total(shards: &Shards<OnceBox<Count>>) -> u64 {
        shards
            .written()
            .map(|count| count.0.load(Ordering::Acquire))
            .sum()
    }

    #[test]
    fn a_thread_s_counts_outlive_it_and_its_place_is_taken_up() {
        let shards = Arc::new(Shards::<OnceBox<Count>>::new());
        for _ in 0..50 {
            let shards = Arc::clone(&shards);
            let counting = std::thread::spawn(move || {
                shards.write(CAP, |count, access| {
                    access.add_u64(&count.0, 1);
                });
            });
            counting.join().unwrap();
        }
        assert_eq!(total(&shards), 50);
    }

    #[test]
    fn more_threads_than_shards_lose_nothing() {
        const THREADS: u64 = 16;
        const EACH: u64 = 10_000;

        let shards = Shards::<OnceBox<Count>>::new();
        let start = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..EACH {
                        shards.write(CAP, |count, access| {
                            access.add_u64(&count.0, 1);
                        });
                    }
                });
            }
        });
        assert_eq!(total(&shards), THREADS * EACH);
        assert!(shards.written().count() <= CAP);
    }

    #[test]
    fn what_a_destructor_of_an_ending_thread_counts_is_counted() {
        struct CountsAtEnd(Arc<Shards<OnceBox<Count>>>);

        impl Drop for CountsAtEnd {
            fn drop(&mut self) {
                self.0.write(CAP, |count, access| {
                    access.add_u64(&count.0, 1);
                });
            }
        }

        thread_local! {
            static AT_END: Cell<Option<CountsAtEnd>> = const { Cell::new(None) };
        }

        let shards = Arc::new(Shards::<OnceBox<Count>>::new());
        for writes_before in [true, false] {
            let shards = Arc::clone(&shards);
            let ending = std::thread::spawn(move || {
                AT_END.set(Some(CountsAtEnd(Arc::clone(&shards))));
                if writes_before {
                    shards.write(CAP, |count, access| {
                        access.add_u64(&count.0, 1);
                    });
                }
            });
            ending.join().unwrap();
        }
        assert_eq!(total(&shards), 3);
    }

    #[test]
    fn a_cap_of_one_is_shared_by_all() {
        let shards = Shards::<OnceBox<Count>>::new();
        shards.write(0, |_, access| assert_eq!(access, Access::Shared));
        assert_eq!(shards.written().count(), 1);
    }
}

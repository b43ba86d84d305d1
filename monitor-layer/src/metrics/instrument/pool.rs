//! Where histograms' shards and their pages come from: whole cache lines that lie apart from other threads'.
//!
//! An allocator puts the blocks of two threads side by side, and the line that both lie on slows each of them down
//! twice and more. Aligned one by one, blocks would take half as much memory again; cut from chunks, they take none.
//! What a histogram leaves behind is the next one's. Chunks are kept for as long as the process lives.

use std::{
    array,
    sync::{Mutex, MutexGuard, PoisonError},
};

use once_cell::race::OnceRef;

use super::{
    shard::{Page, Shard},
    writer::{Owner, Place},
};

/// A shard on loan, with its pages.
#[derive(Default)]
pub(super) struct Pooled(OnceRef<'static, Shard>);

impl Place for Pooled {
    type Shard = Shard;

    #[inline]
    fn shard(&self) -> Option<&Shard> {
        self.0.get()
    }

    #[inline]
    fn shard_or_new(&self, owner: Owner) -> &Shard {
        self.shard().unwrap_or_else(|| {
            lend(&self.0, owner, |pool| {
                pool.shards.take(|| Shard::new(owner))
            })
        })
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(shard) = self.0.get() {
            shard.clear();
            let mut pools = lock();
            pools.of(shard.owner()).shards.returned.push(shard);
        }
    }
}

/// Puts a page of the owner's at this place, where there is none yet.
#[cold]
pub(super) fn lend_page(place: &OnceRef<'static, Page>, owner: Owner) -> &'static Page {
    lend(place, owner, |pool| pool.pages.take(Page::default))
}

#[cold]
fn lend<T>(
    place: &OnceRef<'static, T>,
    owner: Owner,
    take: impl FnOnce(&mut Pool) -> &'static T,
) -> &'static T {
    let mut pools = lock();
    // Under the lock, so that of two threads that share a shard none takes what is not put to use.
    place.get_or_init(|| take(pools.of(owner)))
}

static POOLS: Mutex<Pools> = Mutex::new(Pools {
    of_threads: Vec::new(),
    of_all: Pool::EMPTY,
});

struct Pools {
    of_threads: Vec<Pool>,
    of_all: Pool,
}

/// What threads of one owner write to.
struct Pool {
    shards: Stock<Shard>,
    pages: Stock<Page>,
}

/// Those to be had without new memory.
struct Stock<T: 'static> {
    fresh: &'static [T],
    returned: Vec<&'static T>,
}

/// 4 kibibytes of pages, 2 of shards.
const CHUNK: usize = 32;

/// Aligned to two cache lines, which processors fetch in pairs.
#[repr(align(128))]
struct Chunk<T>([T; CHUNK]);

fn lock() -> MutexGuard<'static, Pools> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pools {
    fn of(&mut self, owner: Owner) -> &mut Pool {
        match owner {
            Owner::All => &mut self.of_all,
            Owner::Thread(number) => {
                let number = number as usize;
                if number >= self.of_threads.len() {
                    self.of_threads.resize_with(number + 1, || Pool::EMPTY);
                }
                &mut self.of_threads[number]
            }
        }
    }
}

impl Pool {
    const EMPTY: Self = Self {
        shards: Stock::EMPTY,
        pages: Stock::EMPTY,
    };
}

impl<T> Stock<T> {
    const EMPTY: Self = Self {
        fresh: &[],
        returned: Vec::new(),
    };

    fn take(&mut self, new: impl Fn() -> T) -> &'static T {
        if let Some(returned) = self.returned.pop() {
            return returned;
        }
        if let Some((first, others)) = self.fresh.split_first() {
            self.fresh = others;
            return first;
        }
        let chunk: &'static Chunk<T> = Box::leak(Box::new(Chunk(array::from_fn(|_| new()))));
        let [first, others @ ..] = &chunk.0;
        self.fresh = others;
        first
    }
}

use std::{
    cell::RefCell,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing::Level;

/// Of one exchange, in bytes.
const MOST: usize = 16 * 1024;
/// Of all exchanges of a monitor together.
const MOST_OF_ALL: usize = 16 * 1024 * 1024;
/// Room is taken in pieces of so many bytes: all exchanges take theirs from one place.
const PIECE: usize = 4 * 1024;
/// How many a thread keeps for exchanges to come.
const MOST_SPARE: usize = 32;

/// The lines of one exchange, held back until it is known whether they are to be written.
#[derive(Default)]
pub(crate) struct HeldLines(Mutex<State>);

#[derive(Default)]
struct State {
    fate: Fate,
    /// Something in here asks for them, whatever the trace id is.
    are_needed: bool,
    lines: Lines,
    /// Of the room that all share.
    taken: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Open,
    Written,
    Thinned,
}

/// Lines one after the other.
#[derive(Default)]
pub(crate) struct Lines {
    text: Vec<u8>,
    /// Where each ends, and its level.
    ends: Vec<(usize, Level)>,
    /// How many more there were.
    pub(crate) dropped: u64,
}

/// What becomes of a line.
pub(crate) enum Held {
    /// It is held back, or thinned like those before it.
    Taken,
    /// It is to be written, after those that were held back.
    Free(Lines),
}

/// The memory for lines that are held back, in bytes.
#[derive(Default)]
pub(crate) struct Room(AtomicUsize);

impl HeldLines {
    /// Allocates nothing where the thread has some to spare.
    pub(super) fn begin(is_held_back: bool) -> Arc<Self> {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
        let lines = spare.ok().flatten().unwrap_or_default();
        if !is_held_back {
            lines.lock().fate = Fate::Written;
        }
        lines
    }

    /// A warning or an error has all of them written.
    pub(super) fn hold(&self, line: &[u8], level: Level, room: &Room) -> Held {
        let mut state = self.lock();
        if matches!(level, Level::ERROR | Level::WARN) {
            state.are_needed = true;
            if state.fate == Fate::Open {
                return Held::Free(state.release(room));
            }
            return Held::Free(Lines::default());
        }
        match state.fate {
            Fate::Open => state.push(line, level, room),
            Fate::Written => return Held::Free(Lines::default()),
            Fate::Thinned => {}
        }
        Held::Taken
    }

    /// They are to be written, and those to come.
    pub(super) fn release(&self, room: &Room) -> Lines {
        let mut state = self.lock();
        state.are_needed = true;
        match state.fate {
            Fate::Open => state.release(room),
            Fate::Written | Fate::Thinned => Lines::default(),
        }
    }

    /// They are not to be written, unless that was decided before. Whether they are thinned.
    pub(super) fn thin(&self, room: &Room) -> bool {
        let mut state = self.lock();
        if state.fate == Fate::Open {
            state.fate = Fate::Thinned;
            state.empty(room);
        }
        state.fate == Fate::Thinned
    }

    pub(super) fn are_needed(&self) -> bool {
        self.lock().are_needed
    }

    /// Keeps the memory for another exchange, unless something of this one is still there that may log.
    pub(super) fn recycle(mut self: Arc<Self>) {
        let Some(own) = Arc::get_mut(&mut self) else {
            return;
        };
        let state = own.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.lines.clear();
        *state = State {
            lines: mem::take(&mut state.lines),
            ..State::default()
        };
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MOST_SPARE
            {
                spare.push(self);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static SPARE: RefCell<Vec<Arc<HeldLines>>> = const { RefCell::new(Vec::new()) };
}

impl State {
    fn push(&mut self, line: &[u8], level: Level, room: &Room) {
        if line.len() > MOST {
            self.lines.dropped += 1;
            return;
        }
        while self.lines.text.len() + line.len() > MOST {
            self.lines.drop_oldest();
        }
        let needed = self.lines.text.len() + line.len();
        if needed > self.taken {
            let more = (needed - self.taken).next_multiple_of(PIECE);
            if !room.take(more) {
                self.lines.dropped += 1;
                return;
            }
            self.taken += more;
        }
        self.lines.push(line, level);
    }

    fn release(&mut self, room: &Room) -> Lines {
        self.fate = Fate::Written;
        let lines = mem::take(&mut self.lines);
        self.empty(room);
        lines
    }

    fn empty(&mut self, room: &Room) {
        self.lines.clear();
        room.give_back(mem::take(&mut self.taken));
    }
}

impl Lines {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Level)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, level)| {
            let line = &self.text[start..end];
            start = end;
            (line, level)
        })
    }

    fn push(&mut self, line: &[u8], level: Level) {
        self.text.extend_from_slice(line);
        self.ends.push((self.text.len(), level));
    }

    /// Half of them, so that it need not be done for each line: the last ones tell most of what went wrong.
    fn drop_oldest(&mut self) {
        let half = self.text.len() / 2;
        let count = self.ends.partition_point(|(end, _)| *end < half) + 1;
        let count = count.min(self.ends.len());
        let Some((cut, _)) = self.ends[..count].last().copied() else {
            return;
        };
        self.text.drain(..cut);
        self.ends.drain(..count);
        self.ends.iter_mut().for_each(|(end, _)| *end -= cut);
        self.dropped += count as u64;
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(MOST);
        self.ends.clear();
        self.dropped = 0;
    }
}

impl Room {
    fn take(&self, bytes: usize) -> bool {
        let taken = self.0.fetch_add(bytes, Ordering::Relaxed);
        let fits = taken + bytes <= MOST_OF_ALL;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;

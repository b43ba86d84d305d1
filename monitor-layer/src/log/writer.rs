use std::{io, sync::Arc, thread, time::Duration};

use tracing::Level;

use super::{output::Output, queue::Queue, sink::Writing};

/// Who writes log entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogWriter {
    /// A thread of its own, so that no work waits for the output: the default of
    /// [`install`](crate::MonitorBuilder::install).
    ///
    /// A line is written some milliseconds after it was logged. Up to a mebibyte of lines wait; past half of it debug
    /// lines are dropped, past three quarters info lines too, so that there is room for warnings and errors. What is
    /// dropped counts in `telemetry_dropped_total`, and one line tells of it once there is room again.
    Background,
    /// Whoever logs, before it goes on: the default of [`build`](crate::MonitorBuilder::build). For tests and short
    /// programs; an output that blocks blocks the work.
    Synchronous,
}

/// In bytes. As much again may be on its way out.
const LIMIT: usize = 1024 * 1024;
/// Of a buffer that a flood has made larger, so much is kept.
const KEPT: usize = LIMIT / 4;
const ON_PANIC: Duration = if cfg!(panic = "abort") {
    Duration::from_secs(2)
} else {
    Duration::from_millis(100)
};

/// The one thread that writes. Dropped, it lets the thread end.
pub(super) struct Background(Arc<Queue>);

/// What the thread tells, and whom.
pub(super) struct Losses {
    /// Counts lines that could not be written.
    pub(super) count: Box<dyn Fn(u64) + Send>,
    /// The line that tells how many were dropped.
    pub(super) line: Box<dyn Fn(u64) -> Vec<u8> + Send>,
}

impl Background {
    /// # Errors
    ///
    /// That of the system, where it has no thread to give; `output` is gone then.
    pub(super) fn start(
        thread: thread::Builder,
        output: impl FnOnce() -> Output + Send + 'static,
        losses: Losses,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(LIMIT));
        let taken = Arc::clone(&queue);
        thread
            .name("monitor-log".to_owned())
            .spawn(move || write(&taken, output(), &losses))?;
        Ok(Self(queue))
    }

    /// Hands a line over, its end included.
    ///
    /// # Errors
    ///
    /// Where there is no room for it.
    pub(super) fn write(&self, line: &[u8], level: Level) -> io::Result<()> {
        // What a writer of the user's logs would be followed by another line, and that by another.
        if Writing::is_here() || !self.0.push(line, level) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        Ok(())
    }

    pub(super) fn flush(&self, deadline: Duration) {
        if !Writing::is_here() {
            self.0.flush(deadline);
        }
    }

    /// Waits a moment, for the process may be about to end; not again while the output does not move.
    pub(super) fn flush_on_panic(&self) {
        if !self.0.is_stalled() {
            self.flush(ON_PANIC);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn write(queue: &Queue, mut output: Output, losses: &Losses) {
    let _writing = Writing::start();
    let mut batch = Vec::new();
    let mut untold = 0;
    while let Some(taken) = queue.take(&mut batch) {
        let lost = output.write(&batch, || queue.is_closed());
        if lost > 0 {
            (losses.count)(lost);
        }
        untold += taken.dropped + lost;
        if untold > 0 && lost == 0 {
            let mut line = (losses.line)(untold);
            line.push(b'\n');
            if output.write(&line, || queue.is_closed()) == 0 {
                untold = 0;
            }
        }
        batch.clear();
        batch.shrink_to(KEPT);
        queue.done(&taken);
    }
}

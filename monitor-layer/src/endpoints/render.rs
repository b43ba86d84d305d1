use std::{
    collections::VecDeque,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::{runtime::Handle, sync::watch};

use super::{
    accept::Accepted,
    buffer::{Buffer, gzip},
};
use crate::{exchange::panic_message, metrics::expose, monitor::Core};

/// The scrapes under way: one is rendered at a time, and all who ask for the same meanwhile share it.
#[derive(Default)]
pub(crate) struct Scrapes {
    queue: Mutex<Queue>,
    /// Taken by the one renderer there is.
    buffers: Mutex<Buffers>,
}

#[derive(Default)]
struct Queue {
    /// At most one for each [`Accepted`], in the order asked for. The first one is being rendered.
    asked: VecDeque<Asked>,
    rendering: bool,
}

struct Asked {
    accepted: Accepted,
    rendered: watch::Sender<Option<Rendered>>,
    /// Somebody has waited for it in vain.
    late: bool,
}

#[derive(Clone)]
pub(super) enum Rendered {
    Whole(Bytes),
    /// The log says why.
    Failed,
}

/// What a scrape that is under way becomes; gone before it became something where nobody can render it.
pub(super) type Rendering = watch::Receiver<Option<Rendered>>;

impl Scrapes {
    /// Joins the same scrape where it is under way, else starts one, which goes on without those who asked.
    pub(super) fn join(core: &Arc<Core>, accepted: Accepted) -> Rendering {
        let mut queue = core.scrapes.queue();
        if let Some(asked) = queue.asked.iter().find(|asked| asked.accepted == accepted) {
            return asked.rendered.subscribe();
        }
        let (rendered, rendering) = watch::channel(None);
        queue.asked.push_back(Asked {
            accepted,
            rendered,
            late: false,
        });
        let is_rendering = mem::replace(&mut queue.rendering, true);
        drop(queue);
        if !is_rendering {
            Renderer::start(core);
        }
        rendering
    }

    /// Whether this scrape is late for the first time: a collector that hangs is told of once.
    pub(super) fn note_late(core: &Core, accepted: Accepted) -> bool {
        let mut queue = core.scrapes.queue();
        let mut asked = queue.asked.iter_mut();
        asked
            .find(|asked| asked.accepted == accepted)
            .is_none_or(|asked| !mem::replace(&mut asked.late, true))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread of tokio's blocking pool that renders until nobody asks any more: a collector of the user's may block.
struct Renderer {
    core: Arc<Core>,
    /// Nobody asks any more.
    over: bool,
}

impl Renderer {
    fn start(core: &Arc<Core>) {
        let renderer = Self {
            core: Arc::clone(core),
            over: false,
        };
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        // A runtime that shuts down drops what it is given; one that gets no thread of the system panics.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            drop(runtime.spawn_blocking(move || renderer.run()));
        }));
    }

    fn run(mut self) {
        while let Some(accepted) = self.next() {
            let rendered = self.render(accepted);
            let asked = self.core.scrapes.queue().asked.pop_front();
            if let Some(asked) = asked {
                asked.rendered.send_replace(Some(rendered));
            }
        }
    }

    fn next(&mut self) -> Option<Accepted> {
        let mut queue = self.core.scrapes.queue();
        // Who asked may have left.
        queue.asked.retain(|asked| !asked.rendered.is_closed());
        let next = queue.asked.front().map(|asked| asked.accepted);
        // In one step with the look at the queue: who asks from now on starts the next renderer.
        queue.rendering = next.is_some();
        self.over = next.is_none();
        next
    }

    fn render(&self, accepted: Accepted) -> Rendered {
        let core = &self.core;
        // A collector of the user's own may panic.
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            let buffers = core.scrapes.buffers.lock();
            let mut buffers = buffers.unwrap_or_else(PoisonError::into_inner);
            buffers.render(core, accepted)
        }));
        let problem = match rendered {
            Ok(Ok(bytes)) => return Rendered::Whole(bytes),
            Ok(Err(error)) => error.to_string(),
            Err(payload) => format!("a collector panicked: {}", panic_message(&*payload)),
        };
        core.log.warning(
            core,
            &format!("The metrics could not be written: {problem}"),
        );
        Rendered::Failed
    }
}

impl Drop for Renderer {
    /// Where it never came to run, those who wait are told by their channels' end.
    fn drop(&mut self) {
        if !self.over {
            let asked = mem::take(&mut *self.core.scrapes.queue());
            drop(asked);
        }
    }
}

#[derive(Default)]
struct Buffers {
    plain: Buffer,
    packed: Buffer,
}

impl Buffers {
    fn render(&mut self, core: &Core, accepted: Accepted) -> io::Result<Bytes> {
        let plain = self.plain.fill(|out| {
            expose(&core.registry, &core.metrics, accepted.format, out);
            Ok::<_, io::Error>(())
        })?;
        match accepted.gzip {
            true => self.packed.fill(|out| gzip(&plain, out)),
            false => Ok(plain),
        }
    }
}

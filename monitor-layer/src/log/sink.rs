use std::{
    cell::Cell,
    io::{self, IsTerminal as _, Write},
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError},
};

/// Where log entries go.
pub(crate) enum Sink {
    /// As JSON to stdout.
    Stdout,
    /// Readable, to a terminal.
    Terminal,
    /// As JSON, kept for tests.
    #[cfg(feature = "testing")]
    Memory(std::sync::Arc<Mutex<Vec<String>>>),
    /// As JSON to a writer of the user's own.
    Writer(Mutex<Box<dyn Write + Send>>),
}

impl Sink {
    pub(crate) fn for_stdout() -> Self {
        if io::stdout().is_terminal() {
            Self::Terminal
        } else {
            Self::Stdout
        }
    }

    pub(crate) fn writer(writer: impl Write + Send + 'static) -> Self {
        Self::Writer(Mutex::new(Box::new(writer)))
    }

    pub(super) fn write(&self, mut line: String) -> io::Result<()> {
        #[cfg(feature = "testing")]
        if let Self::Memory(lines) = self {
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
            return Ok(());
        }
        // In one piece, so that lines of several processes do not mix.
        line.push('\n');
        self.with_writer(|writer| writer.write_all(line.as_bytes()))
    }

    pub(super) fn flush(&self) {
        // A sink that is gone has nothing left to flush.
        let _ = self.with_writer(|writer| writer.flush());
    }

    fn with_writer(
        &self,
        operation: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Stdout | Self::Terminal => operation(&mut io::stdout().lock()),
            Self::Writer(writer) => {
                // A writer of the user's may log in turn, which would wait for itself: that entry is lost.
                let Some(_writing) = Writing::start() else {
                    return Err(io::ErrorKind::ResourceBusy.into());
                };
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                // It may panic as well, and whoever logs goes on.
                panic::catch_unwind(AssertUnwindSafe(|| operation(&mut **writer)))
                    .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
            }
            #[cfg(feature = "testing")]
            Self::Memory(_) => Ok(()),
        }
    }
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// This thread is inside of a writer.
struct Writing;

impl Writing {
    fn start() -> Option<Self> {
        WRITING
            .try_with(|writing| !writing.replace(true))
            .unwrap_or(false)
            .then_some(Self)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let _ = WRITING.try_with(|writing| writing.set(false));
    }
}

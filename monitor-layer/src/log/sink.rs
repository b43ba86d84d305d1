use std::{
    cell::Cell,
    io::{self, IsTerminal as _, Write},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tracing::Level;

use super::{
    output::Output,
    writer::{Background, Losses},
};

/// Where log entries go, and in which form.
pub(crate) struct Sink {
    to: To,
    pub(super) form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    /// As a person reads it, on a terminal.
    Readable,
}

type Writer = Box<dyn Write + Send>;

enum To {
    Stdout,
    /// A writer of the user's own.
    Writer(Mutex<Writer>),
    /// Either of them, by the thread that writes.
    Background(Background),
    /// Kept for tests.
    #[cfg(feature = "testing")]
    Memory(Arc<Mutex<Vec<String>>>),
}

impl Sink {
    pub(crate) fn for_stdout() -> Self {
        let form = match io::stdout().is_terminal() {
            true => Form::Readable,
            false => Form::Json,
        };
        Self {
            to: To::Stdout,
            form,
        }
    }

    pub(crate) fn writer(writer: impl Write + Send + 'static) -> Self {
        Self {
            to: To::Writer(Mutex::new(Box::new(writer))),
            form: Form::Json,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn memory(lines: Arc<Mutex<Vec<String>>>) -> Self {
        Self {
            to: To::Memory(lines),
            form: Form::Json,
        }
    }

    /// The same with a thread that writes; as it was, and why, where the system has none to give.
    pub(super) fn in_background(
        self,
        thread: thread::Builder,
        losses: Losses,
    ) -> (Self, Option<io::Error>) {
        let form = self.form;
        let (to, error) = match self.to {
            To::Stdout => match Background::start(thread, Output::stdout, losses) {
                Ok(background) => (To::Background(background), None),
                Err(error) => (To::Stdout, Some(error)),
            },
            To::Writer(writer) => start_for(writer, thread, losses),
            other => (other, None),
        };
        (Self { to, form }, error)
    }

    /// Writes a line, whose end is not there yet.
    ///
    /// # Errors
    ///
    /// Where the line is lost.
    pub(super) fn write(&self, line: &mut Vec<u8>, level: Level) -> io::Result<()> {
        #[cfg(feature = "testing")]
        if let To::Memory(lines) = &self.to {
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(String::from_utf8_lossy(line).into_owned());
            return Ok(());
        }
        // In one piece, so that lines of several processes do not mix.
        line.push(b'\n');
        match &self.to {
            To::Background(background) => background.write(line, level),
            _ => self.with_writer(|writer| writer.write_all(line)),
        }
    }

    pub(super) fn flush(&self, deadline: Duration) {
        match &self.to {
            To::Background(background) => background.flush(deadline),
            // A sink that is gone has nothing left to flush.
            _ => drop(self.with_writer(|writer| writer.flush())),
        }
    }

    pub(super) fn flush_on_panic(&self) {
        if let To::Background(background) = &self.to {
            background.flush_on_panic();
        }
    }

    fn with_writer(
        &self,
        operation: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match &self.to {
            To::Stdout => operation(&mut io::stdout().lock()),
            To::Writer(writer) => {
                // A writer of the user's may log in turn, which would wait for itself: that entry is lost.
                let Some(_writing) = Writing::start() else {
                    return Err(io::ErrorKind::ResourceBusy.into());
                };
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                // It may panic as well, and whoever logs goes on.
                panic::catch_unwind(AssertUnwindSafe(|| operation(&mut **writer)))
                    .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
            }
            To::Background(_) => Ok(()),
            #[cfg(feature = "testing")]
            To::Memory(_) => Ok(()),
        }
    }
}

fn start_for(
    writer: Mutex<Writer>,
    thread: thread::Builder,
    losses: Losses,
) -> (To, Option<io::Error>) {
    let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The thread takes it when it runs, so that it is still here where there is no thread.
    let lent = Arc::new(Mutex::new(Some(writer)));
    let take = |from: &Mutex<Option<Writer>>| -> Writer {
        let writer = from.lock().unwrap_or_else(PoisonError::into_inner).take();
        writer.unwrap_or_else(|| Box::new(io::sink()))
    };
    let taken = Arc::clone(&lent);
    match Background::start(thread, move || Output::new(take(&taken)), losses) {
        Ok(background) => (To::Background(background), None),
        Err(error) => (To::Writer(Mutex::new(take(&lent))), Some(error)),
    }
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// This thread is inside of a writer.
pub(super) struct Writing;

impl Writing {
    pub(super) fn start() -> Option<Self> {
        WRITING
            .try_with(|writing| !writing.replace(true))
            .unwrap_or(false)
            .then_some(Self)
    }

    pub(super) fn is_here() -> bool {
        WRITING.try_with(Cell::get).unwrap_or(false)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let _ = WRITING.try_with(|writing| writing.set(false));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Sent(mpsc::Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn without_a_thread_whoever_logs_writes() {
        let (sender, lines) = mpsc::channel();
        let losses = Losses {
            count: Box::new(|_| {}),
            line: Box::new(|_| Vec::new()),
        };
        // More than any address space has.
        let thread = thread::Builder::new().stack_size(1 << 60);
        let (sink, error) = Sink::writer(Sent(sender)).in_background(thread, losses);
        assert!(error.is_some());
        sink.write(&mut b"line".to_vec(), Level::INFO).unwrap();
        assert_eq!(lines.try_recv().unwrap(), b"line\n");
    }
}

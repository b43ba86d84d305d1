use std::{
    fs::File,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

/// Up to so many bytes a pipe takes in one piece (Linux' `PIPE_BUF`), so that lines of several processes do not mix.
const LONGEST_PIECE: usize = 4096;
/// Between two looks whether an output that does not block has room again.
const PAUSE: Duration = Duration::from_millis(5);

/// Where the writer's thread writes.
pub(super) struct Output {
    writer: Box<dyn Write + Send>,
    /// A line was written in part: the next one begins on a line of its own.
    is_torn: bool,
}

impl Output {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            writer,
            is_torn: false,
        }
    }

    /// The process's, past the lock and the buffer of `io::stdout()`: neither is held while it blocks, so that
    /// whoever prints and the end of the process need not wait for it.
    pub(super) fn stdout() -> Self {
        match own_handle_of_stdout() {
            Ok(file) => Self::new(Box::new(file)),
            Err(_) => Self::new(Box::new(io::stdout())),
        }
    }

    /// Writes lines, and gives back how many of them are lost. Waits as long as it takes, but where the output has no
    /// room and says so: then it gives up once `has_to_end`.
    pub(super) fn write(&mut self, mut lines: &[u8], has_to_end: impl Fn() -> bool) -> u64 {
        let mut lost = 0;
        while !lines.is_empty() {
            let (piece, rest) = lines.split_at(first_piece(lines));
            if let Err(written) = self.write_piece(piece, &has_to_end) {
                let unwritten = &piece[written..];
                lost += unwritten.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.is_torn |= written > 0 && piece[written - 1] != b'\n';
            }
            lines = rest;
        }
        // What is lost here is the writer's to know: it took the lines.
        let _ = guarded(|| self.writer.flush());
        lost
    }

    /// # Errors
    ///
    /// How many bytes were written before it failed.
    fn write_piece(&mut self, piece: &[u8], has_to_end: impl Fn() -> bool) -> Result<(), usize> {
        if self.is_torn {
            match guarded(|| self.writer.write(b"\n")) {
                Ok(1..) => self.is_torn = false,
                _ => return Err(0),
            }
        }
        let mut written = 0;
        while written < piece.len() {
            match guarded(|| self.writer.write(&piece[written..])) {
                Ok(0) => return Err(written),
                Ok(more) => written = piece.len().min(written + more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !has_to_end() => {
                    thread::sleep(PAUSE);
                }
                Err(_) => return Err(written),
            }
        }
        Ok(())
    }
}

/// The length of as many whole lines as go in one piece, one at least.
fn first_piece(lines: &[u8]) -> usize {
    if lines.len() <= LONGEST_PIECE {
        return lines.len();
    }
    let is_end = |byte: &u8| *byte == b'\n';
    let fits = lines[..LONGEST_PIECE].iter().rposition(is_end);
    fits.or_else(|| lines.iter().position(is_end))
        .map_or(lines.len(), |end| end + 1)
}

/// A writer of the user's may panic: that is an error like others.
fn guarded<T>(operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(operation)).unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

fn own_handle_of_stdout() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }
    #[cfg(windows)]
    {
        use std::{io::IsTerminal as _, os::windows::io::AsHandle as _};
        // A console takes UTF-16, which `io::stdout()` makes of what is written.
        if io::stdout().is_terminal() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
    }
    #[cfg(not(any(unix, windows)))]
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
    };

    use super::*;

    /// Answers each `write` as it is told, and takes everything once it is told no more.
    #[derive(Clone, Default)]
    struct Told {
        answers: Arc<Mutex<VecDeque<io::Result<usize>>>>,
        pieces: Arc<Mutex<Vec<String>>>,
    }

    impl Told {
        fn new(answers: impl IntoIterator<Item = io::Result<usize>>) -> Self {
            Self {
                answers: Arc::new(Mutex::new(answers.into_iter().collect())),
                ..Self::default()
            }
        }

        fn pieces(&self) -> Vec<String> {
            self.pieces.lock().unwrap().clone()
        }
    }

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let answer = self.answers.lock().unwrap().pop_front();
            let taken = answer.unwrap_or(Ok(bytes.len()))?.min(bytes.len());
            assert!(taken != 1313, "told to panic");
            let text = String::from_utf8(bytes[..taken].to_vec()).unwrap();
            self.pieces.lock().unwrap().push(text);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(told: &Told, lines: &str, has_to_end: bool) -> u64 {
        Output::new(Box::new(told.clone())).write(lines.as_bytes(), || has_to_end)
    }

    fn error(kind: io::ErrorKind) -> io::Result<usize> {
        Err(kind.into())
    }

    #[test]
    fn many_lines_go_in_pieces_of_whole_lines() {
        let told = Told::default();
        let lines: String = (0..500).map(|number| format!("line {number}\n")).collect();
        let long = format!("{}\n", "x".repeat(10_000));
        assert_eq!(write(&told, &format!("{lines}{long}{lines}"), false), 0);
        let pieces = told.pieces();
        assert_eq!(pieces.concat(), format!("{lines}{long}{lines}"));
        assert!(pieces.iter().all(|piece| piece.ends_with('\n')));
        let is_short = |piece: &&String| piece.len() <= LONGEST_PIECE;
        assert_eq!(pieces.iter().filter(is_short).count() + 1, pieces.len());
        assert!(pieces.contains(&long));
        assert!(pieces.len() < 8, "{}", pieces.len());
    }

    #[test]
    fn an_output_that_would_block_is_waited_for_and_goes_on_where_it_was() {
        let told = Told::new([
            error(io::ErrorKind::WouldBlock),
            Ok(3),
            error(io::ErrorKind::Interrupted),
            error(io::ErrorKind::WouldBlock),
        ]);
        assert_eq!(write(&told, "one\ntwo\n", false), 0);
        assert_eq!(told.pieces(), ["one", "\ntwo\n"]);
    }

    #[test]
    fn an_output_that_would_block_at_the_end_is_given_up() {
        let told = Told::new([Ok(4), error(io::ErrorKind::WouldBlock)]);
        assert_eq!(write(&told, "one\ntwo\nthree\n", true), 2);
        assert_eq!(told.pieces(), ["one\n"]);
    }

    #[test]
    fn a_line_after_one_that_was_torn_begins_on_its_own() {
        let told = Told::new([Ok(5), error(io::ErrorKind::StorageFull)]);
        let mut output = Output::new(Box::new(told.clone()));
        assert_eq!(output.write(b"one\ntwo\n", || false), 1);
        assert_eq!(output.write(b"three\n", || false), 0);
        assert_eq!(told.pieces().concat(), "one\nt\nthree\n");
    }

    #[test]
    fn a_writer_that_panics_or_takes_nothing_loses_its_lines_alone() {
        let long = "x".repeat(2_000);
        let told = Told::new([Ok(1313), Ok(0)]);
        let lines = format!("{long}\n{long}\n{long}\n{long}\n{long}\n");
        assert_eq!(write(&told, &lines, false), 4);
        assert!(told.pieces().concat() == format!("{long}\n"));
    }
}

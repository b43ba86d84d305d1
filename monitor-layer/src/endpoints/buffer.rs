use std::{
    io::{self, Write as _},
    mem,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

/// Bytes that are written again and again, in the same memory once nobody holds what was given out.
#[derive(Default)]
pub(super) struct Buffer(Bytes);

impl Buffer {
    /// What is written by `write`, into an empty vector.
    pub(super) fn fill<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Bytes, E> {
        // Where a slow client still reads it, the memory goes with that client.
        let before = mem::take(&mut self.0).try_into_mut();
        let mut bytes = before.map(Vec::from).unwrap_or_default();
        bytes.clear();
        write(&mut bytes)?;
        let length = bytes.len();
        if bytes.capacity() > length + length / 2 {
            // A vector doubles as it grows; some room is left for the next time to be a little longer.
            bytes.shrink_to(length + length / 4);
        }
        self.0 = bytes.into();
        Ok(self.0.clone())
    }
}

pub(super) fn gzip(bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn fill(buffer: &mut Buffer, length: usize) -> Bytes {
        let filled = buffer.fill(|out| {
            assert!(out.is_empty());
            out.resize(length, b'x');
            Ok::<_, Infallible>(())
        });
        let Ok(bytes) = filled;
        assert_eq!(bytes.len(), length);
        bytes
    }

    #[test]
    fn the_same_memory_is_written_again_once_nobody_holds_it() {
        let mut buffer = Buffer::default();
        let first = fill(&mut buffer, 10_000);
        let memory = first.as_ptr();
        let second = fill(&mut buffer, 10_000);
        assert_ne!(second.as_ptr(), memory, "it is held");
        assert!(first.iter().all(|byte| *byte == b'x'));
        let memory = second.as_ptr();
        drop(second);
        for length in [10_000, 9_000, 9_500] {
            assert_eq!(fill(&mut buffer, length).as_ptr(), memory);
        }
    }

    #[test]
    fn memory_stays_near_to_what_is_written() {
        let mut buffer = Buffer::default();
        for length in [1 << 20, (1 << 20) + 1, 100, 10_000] {
            drop(fill(&mut buffer, length));
            let memory = Vec::from(mem::take(&mut buffer.0).try_into_mut().unwrap()).capacity();
            assert!(memory <= length + length / 2, "{memory} for {length}");
        }
    }

    #[test]
    fn what_fails_leaves_an_empty_buffer() {
        let mut buffer = Buffer::default();
        drop(fill(&mut buffer, 10));
        assert_eq!(buffer.fill(|_| Err("no")), Err("no"));
        assert_eq!(fill(&mut buffer, 3).len(), 3);
    }
}

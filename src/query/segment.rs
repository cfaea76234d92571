//! A table on disk: fingerprint of a line → notes that have it. Written once, read in part.
//!
//! `MAGIC`, bytes of an object name (u32), notes (u32), postings (u64), all little-endian; then the
//! notes' commits, then the fingerprints in order (u64), then for each of them the number of its
//! note (u32).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::model::Oid;

const MAGIC: &[u8; 8] = b"AILCARY1";
const HEADER: u64 = 24;
/// So many fingerprints are read at once when the place is nearly known.
const BLOCK: u64 = 512;
/// Of a line that more notes have only the youngest are told.
const MANY: usize = 64;

/// The notes of a segment and their lines.
#[derive(Debug, Default)]
pub struct Postings {
    /// Commits that have a note.
    pub notes: Vec<Oid>,
    /// Fingerprint, and the note's number.
    pub lines: Vec<(u64, u32)>,
}

impl Postings {
    /// Adds a note with the fingerprints of its lines.
    pub fn push(&mut self, note: Oid, prints: impl IntoIterator<Item = u64>) {
        let number = u32::try_from(self.notes.len()).unwrap_or(u32::MAX);
        self.notes.push(note);
        self.lines.extend(prints.into_iter().map(|print| (print, number)));
    }

    /// Adds all notes of another table.
    pub fn extend(&mut self, other: Self) {
        let first = u32::try_from(self.notes.len()).unwrap_or(u32::MAX);
        self.notes.extend(other.notes);
        self.lines.extend(other.lines.into_iter().map(|(print, note)| (print, first + note)));
    }

    /// The bytes of the file.
    pub fn encode(mut self) -> Vec<u8> {
        self.lines.sort_unstable();
        self.lines.dedup();
        let size = self.notes.first().map_or(20, |oid| oid.as_str().len() / 2);
        let mut bytes = Vec::with_capacity(self.lines.len() * 12 + self.notes.len() * size + 24);
        bytes.extend(MAGIC);
        bytes.extend(u32::try_from(size).unwrap_or(0).to_le_bytes());
        bytes.extend(u32::try_from(self.notes.len()).unwrap_or(0).to_le_bytes());
        bytes.extend((self.lines.len() as u64).to_le_bytes());
        for oid in &self.notes {
            bytes.extend(raw(oid));
        }
        bytes.extend(self.lines.iter().flat_map(|(print, _)| print.to_le_bytes()));
        bytes.extend(self.lines.iter().flat_map(|(_, note)| note.to_le_bytes()));
        bytes
    }
}

fn raw(oid: &Oid) -> impl Iterator<Item = u8> + '_ {
    let digits = oid.as_str();
    (0..digits.len() / 2)
        .map(move |at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap_or(0))
}

/// An open table.
pub struct Segment {
    file: File,
    oid_size: u64,
    notes: u64,
    lines: u64,
}

impl Segment {
    /// Opens a table; an error where the file is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut header = [0; HEADER as usize];
        file.read_exact(&mut header)?;
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| header[at + n]));
        let lines = u64::from(number(16)) | u64::from(number(20)) << 32;
        let segment =
            Self { oid_size: u64::from(number(8)), notes: u64::from(number(12)), lines, file };
        let size = HEADER
            .checked_add(segment.notes * segment.oid_size)
            .and_then(|size| size.checked_add(lines.checked_mul(12)?));
        let whole = size == Some(segment.file.metadata()?.len());
        match header.starts_with(MAGIC) && matches!(segment.oid_size, 20 | 32) && whole {
            true => Ok(segment),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The notes that have these lines, each with how many of them. `prints` is in order.
    pub fn find(&mut self, prints: &[u64], hits: &mut HashMap<Oid, usize>) -> io::Result<()> {
        let mut numbers: HashMap<u32, usize> = HashMap::new();
        let mut from = 0;
        for &print in prints {
            let first = self.first(print, from)?;
            let mut notes = Vec::new();
            from = first;
            'blocks: while from < self.lines {
                let block = self.prints(from, (from + BLOCK).min(self.lines))?;
                for known in block {
                    if known != print {
                        break 'blocks;
                    }
                    from += 1;
                }
            }
            if from > first {
                let start = first.max(from.saturating_sub(MANY as u64));
                notes = self.numbers(start, from)?;
            }
            for note in notes {
                *numbers.entry(note).or_default() += 1;
            }
        }
        for (number, count) in numbers {
            *hits.entry(self.note(number)?).or_default() += count;
        }
        Ok(())
    }

    /// All of it, to be joined with others.
    pub fn read(mut self) -> io::Result<Postings> {
        let mut notes = Vec::new();
        for number in 0..self.notes {
            notes.push(self.note(u32::try_from(number).unwrap_or(u32::MAX))?);
        }
        let prints = self.prints(0, self.lines)?;
        let numbers = self.numbers(0, self.lines)?;
        Ok(Postings { notes, lines: prints.into_iter().zip(numbers).collect() })
    }

    /// The place of the first fingerprint that is not less, from this place on.
    fn first(&mut self, print: u64, from: u64) -> io::Result<u64> {
        let (mut low, mut high) = (from, self.lines);
        while high - low > BLOCK {
            let middle = low + (high - low) / 2;
            match self.prints(middle, middle + 1)?.first().is_some_and(|known| *known < print) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let block = self.prints(low, high)?;
        Ok(low + block.partition_point(|known| *known < print) as u64)
    }

    fn prints(&mut self, from: u64, to: u64) -> io::Result<Vec<u64>> {
        let bytes = self.bytes(self.notes * self.oid_size + from * 8, (to - from) * 8)?;
        let (numbers, _) = bytes.as_chunks::<8>();
        Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }

    fn numbers(&mut self, from: u64, to: u64) -> io::Result<Vec<u32>> {
        let table = self.notes * self.oid_size + self.lines * 8;
        let bytes = self.bytes(table + from * 4, (to - from) * 4)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    fn note(&mut self, number: u32) -> io::Result<Oid> {
        if u64::from(number) >= self.notes {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let bytes = self.bytes(u64::from(number) * self.oid_size, self.oid_size)?;
        Ok(Oid(crate::model::id::hex(&bytes)))
    }

    fn bytes(&mut self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(HEADER + at))?;
        let mut bytes = vec![0; usize::try_from(count).map_err(|_| io::ErrorKind::InvalidData)?];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_the_table_and_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let oid = |n: u64| Oid(format!("{n:040x}"));
        let mut postings = Postings::default();
        for note in 0..500 {
            postings.push(oid(note), [note * 7, 1_000_000, note % 50 + 10_000]);
        }
        let bytes = postings.encode();
        std::fs::write(&path, &bytes).unwrap();
        let find = |prints: &[u64]| {
            let mut hits = HashMap::new();
            Segment::open(&path).unwrap().find(prints, &mut hits).unwrap();
            hits
        };
        assert_eq!(find(&[7 * 33]), HashMap::from([(oid(33), 1)]));
        assert_eq!(find(&[7 * 33, 10_033]).len(), 10);
        assert_eq!(find(&[7 * 33, 10_033])[&oid(33)], 2);
        assert_eq!(find(&[1_000_000]).len(), MANY, "a common line");
        assert!(find(&[5, 2_000_000]).is_empty());
        let all = Segment::open(&path).unwrap().read().unwrap();
        assert_eq!(all.encode(), bytes);
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(Segment::open(&path).is_err());
    }
}

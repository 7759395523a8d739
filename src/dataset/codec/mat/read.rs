//! Reading `.mat` files as a stream: big arrays are converted block by block and never held twice.

use std::io::{self, ErrorKind, Read};

use flate2::read::ZlibDecoder;

use super::super::array::{Order, count};
use super::super::{Array, CodecError, Numbers};
use super::{FORMAT, MatValue, class, data};

/// Bytes converted at a time; a multiple of every element's size.
const BLOCK: usize = 1 << 16;
/// A variable that unpacks to more is refused: 2 GiB.
const MAX_CONTENT: u64 = 1 << 31;
/// Cells in cells in cells.
const MAX_DEPTH: u32 = 8;
/// Cells of one cell array.
const MAX_CELLS: usize = 1 << 20;
const COMPLEX_FLAG: u8 = 0x08;

/// Reads the variables of the given names; others are listed as [`MatValue::Skipped`].
///
/// ```
/// use handloom::dataset::codec::mat;
///
/// let mut file = Vec::new();
/// mat::write(&mut file, &[("x", mat::Variable::Doubles { shape: &[1, 3], values: &[1.0, 2.5, -3.0] })])?;
/// let variables = mat::read(file.as_slice(), &["x"])?;
/// let mat::MatValue::Numbers(x) = &variables[0].1 else { panic!() };
/// assert_eq!(x.get(&[0, 1]), Some(2.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(mut source: impl Read, wanted: &[&str]) -> Result<Vec<(String, MatValue)>, CodecError> {
    let big_endian = header(&mut source)?;
    let mut stream = Stream { reader: &mut source, big_endian, at: 128, end: u64::MAX };
    let mut variables = Vec::new();
    while let Some(mut element) = stream.next_element()? {
        if element.kind == data::COMPRESSED {
            variables.extend(stream.compressed(element.length, wanted)?);
        } else if element.kind == data::MATRIX {
            variables.push(stream.matrix(&element, wanted, 0)?);
        } else {
            stream.skip(&mut element)?;
        }
    }
    Ok(variables)
}

/// Checks the first 128 bytes; whether numbers have their high byte first.
fn header(source: &mut impl Read) -> Result<bool, CodecError> {
    let damaged = |fault: String| CodecError::Damaged { format: FORMAT, at: 0, fault };
    let mut header = Vec::with_capacity(128);
    source.take(128).read_to_end(&mut header).map_err(|error| damaged(error.to_string()))?;
    if header.starts_with(b"MATLAB 7.3") || header.starts_with(b"\x89HDF") {
        let hint = "version 7.3 (HDF5); save it again in MATLAB with the option '-v7'";
        return Err(CodecError::unsupported(FORMAT, hint));
    }
    let big_endian = match header.get(124..128) {
        Some([0, 1, b'I', b'M']) => false,
        Some([1, 0, b'M', b'I']) => true,
        _ if header.iter().take(4).any(|b| *b == 0) => {
            return Err(damaged("it is of level 4 or no .mat file: its text header is missing".to_owned()));
        }
        _ => return Err(damaged("the header of 128 bytes does not end with version 1 and the letters MI".to_owned())),
    };
    Ok(big_endian)
}

/// Tag of an element, and its content if that stands in the tag.
struct Element {
    kind: u32,
    length: u64,
    small: Option<[u8; 4]>,
    /// Bytes of the content already read.
    done: u64,
}

/// A stream of elements that counts what it reads.
struct Stream<'r> {
    reader: &'r mut dyn Read,
    big_endian: bool,
    at: u64,
    /// Where the matrix that is being read ends.
    end: u64,
}

impl Stream<'_> {
    fn damaged(&self, fault: impl Into<String>) -> CodecError {
        CodecError::Damaged { format: FORMAT, at: self.at, fault: fault.into() }
    }

    fn exact(&mut self, buffer: &mut [u8]) -> Result<(), CodecError> {
        self.reader.read_exact(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.damaged("it ends too early"),
            _ => self.damaged(error.to_string()),
        })?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// The next tag; `None` at the end of the stream.
    fn next_element(&mut self) -> Result<Option<Element>, CodecError> {
        let mut first = [0];
        loop {
            match self.reader.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.damaged(error.to_string())),
            }
        }
        self.at += 1;
        let mut rest = [0; 7];
        self.exact(&mut rest)?;
        let [b, c, d, tail @ ..] = rest;
        let head = self.u32([first[0], b, c, d]);
        let element = if head >> 16 == 0 {
            Element { kind: head, length: u64::from(self.u32(tail)), small: None, done: 0 }
        } else {
            Element { kind: head & 0xffff, length: u64::from(head >> 16), small: Some(tail), done: 0 }
        };
        let room = if element.small.is_some() { 4 } else { self.end.saturating_sub(self.at) };
        if self.at > self.end || element.length > room {
            return Err(self.damaged(format!("an element of {} bytes is longer than its surroundings", element.length)));
        }
        Ok(Some(element))
    }

    fn element(&mut self) -> Result<Element, CodecError> {
        self.next_element()?.ok_or_else(|| self.damaged("it ends too early"))
    }

    /// Up to a buffer full of the content of an element; empty at its end.
    fn block<'b>(&mut self, element: &mut Element, buffer: &'b mut [u8]) -> Result<&'b [u8], CodecError> {
        let count = (element.length - element.done).min(buffer.len() as u64) as usize;
        let part = &mut buffer[..count];
        if let Some(small) = element.small {
            let from = element.done as usize;
            part.copy_from_slice(&small[from..from + count]);
        } else {
            self.exact(part)?;
        }
        element.done += count as u64;
        Ok(part)
    }

    /// Skips what is left of an element and its padding.
    fn skip(&mut self, element: &mut Element) -> Result<(), CodecError> {
        if element.small.is_some() {
            return Ok(());
        }
        let padding = (8 - element.length % 8) % 8;
        let rest = element.length - element.done;
        let rest = if element.kind == data::COMPRESSED { rest } else { rest + padding };
        // the last element may go without its padding
        let rest = rest.min(self.end.saturating_sub(self.at));
        let skipped = io::copy(&mut (&mut *self.reader).take(rest), &mut io::sink());
        self.at += skipped.map_err(|error| self.damaged(error.to_string()))?;
        Ok(())
    }

    /// The whole content of an element that cannot be long.
    fn content(&mut self, element: &mut Element) -> Result<Vec<u8>, CodecError> {
        let mut content = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            let block = self.block(element, &mut buffer)?;
            if block.is_empty() {
                break;
            }
            content.extend_from_slice(block);
        }
        self.skip(element)?;
        Ok(content)
    }

    /// The variables of a compressed element.
    fn compressed(&mut self, length: u64, wanted: &[&str]) -> Result<Vec<(String, MatValue)>, CodecError> {
        let mut packed = (&mut *self.reader).take(length);
        let mut variables = Vec::new();
        {
            let mut unpacked = ZlibDecoder::new(&mut packed).take(MAX_CONTENT);
            let mut inside = Stream { reader: &mut unpacked, big_endian: self.big_endian, at: 0, end: MAX_CONTENT };
            while let Some(element) = inside.next_element()? {
                if element.kind != data::MATRIX {
                    return Err(inside.damaged("a compressed element holds something else than a matrix"));
                }
                variables.push(inside.matrix(&element, wanted, 0)?);
            }
        }
        io::copy(&mut packed, &mut io::sink()).map_err(|error| self.damaged(error.to_string()))?;
        self.at += length;
        Ok(variables)
    }

    /// Name and value of a matrix; `depth` counts the cells around it.
    fn matrix(&mut self, whole: &Element, wanted: &[&str], depth: u32) -> Result<(String, MatValue), CodecError> {
        if whole.small.is_some() {
            return Err(self.damaged("a matrix stands in its own tag"));
        }
        if whole.length == 0 {
            return Ok((String::new(), MatValue::Numbers(self.array(vec![0, 0], Vec::new())?)));
        }
        let outer = self.end;
        let end = self.at + whole.length;
        self.end = end;
        let read = self.inside_matrix(wanted, depth)?;
        let mut rest = Element { kind: data::MATRIX, length: end - self.at.min(end), small: None, done: 0 };
        self.end = outer;
        self.skip(&mut rest)?;
        Ok(read)
    }

    fn inside_matrix(&mut self, wanted: &[&str], depth: u32) -> Result<(String, MatValue), CodecError> {
        let mut element = self.element()?;
        let flags = self.content(&mut element)?;
        let &[a, b, c, d] = flags.first_chunk().ok_or_else(|| self.damaged("a matrix has no flags"))?;
        let word = self.u32([a, b, c, d]);
        let (class, flags) = (word as u8, (word >> 8) as u8);
        let name_of_class = class::NAMES.get(usize::from(class)).copied().unwrap_or("unknown");
        if name_of_class == "opaque" {
            return Ok((String::new(), MatValue::Other(name_of_class)));
        }
        let shape = self.shape()?;
        let mut element = self.element()?;
        let name = self.content(&mut element)?.iter().map(|b| char::from(*b)).collect::<String>();
        if depth == 0 && !wanted.contains(&name.as_str()) {
            return Ok((name, MatValue::Skipped));
        }
        let value = match class {
            class::CELL => self.cells(&shape, wanted, depth)?,
            class::CHAR => MatValue::Text(self.text(&shape)?),
            class::DOUBLE..=class::LAST_NUMERIC if flags & COMPLEX_FLAG != 0 => MatValue::Other("complex"),
            class::DOUBLE..=class::LAST_NUMERIC => {
                let numbers = self.numbers()?;
                MatValue::Numbers(self.array(shape, numbers)?)
            }
            _ => MatValue::Other(name_of_class),
        };
        Ok((name, value))
    }

    fn shape(&mut self) -> Result<Vec<usize>, CodecError> {
        let mut element = self.element()?;
        if element.kind != data::INT32 {
            return Err(self.damaged("a matrix has no dimensions"));
        }
        let content = self.content(&mut element)?;
        let axis = |b: &[u8]| usize::try_from(self.u32([b[0], b[1], b[2], b[3]]).cast_signed()).ok();
        let shape: Option<Vec<usize>> = content.chunks_exact(4).map(axis).collect();
        shape.ok_or_else(|| self.damaged("a dimension is negative"))
    }

    fn array(&self, shape: Vec<usize>, numbers: Vec<f32>) -> Result<Array, CodecError> {
        let misfit = format!("{} numbers do not fill an array of {shape:?}", numbers.len());
        Array::new(shape, Order::ColumnMajor, Numbers::F32(numbers)).ok_or_else(|| self.damaged(misfit))
    }

    fn cells(&mut self, shape: &[usize], wanted: &[&str], depth: u32) -> Result<MatValue, CodecError> {
        if depth == MAX_DEPTH {
            return Err(CodecError::unsupported(FORMAT, format!("cells nested more than {MAX_DEPTH} deep")));
        }
        let expected = count(shape).filter(|n| *n <= MAX_CELLS);
        let expected = expected.ok_or_else(|| CodecError::unsupported(FORMAT, format!("{shape:?} cells")))?;
        let mut cells = Vec::new();
        while cells.len() < expected {
            let element = self.element()?;
            if element.kind != data::MATRIX {
                return Err(self.damaged("a cell is no matrix"));
            }
            cells.push(self.matrix(&element, wanted, depth + 1)?.1);
        }
        Ok(MatValue::Cells(cells))
    }

    /// Numbers of whatever storage.
    fn numbers(&mut self) -> Result<Vec<f32>, CodecError> {
        let mut element = self.element()?;
        let kind = element.kind;
        let unknown = || CodecError::unsupported(FORMAT, format!("numbers stored as data type {kind}"));
        let size = size_of_storage(kind).ok_or_else(unknown)?;
        if element.length % size as u64 != 0 {
            return Err(self.damaged("an array ends within a number"));
        }
        // a length is a claim: only what has come is paid for, twice a block at first
        let claimed = (element.length as usize / size).min(2 * BLOCK);
        let mut numbers = Vec::with_capacity(claimed);
        let mut buffer = vec![0; BLOCK];
        loop {
            let block = self.block(&mut element, &mut buffer)?;
            if block.is_empty() {
                break;
            }
            convert(block, kind, self.big_endian, &mut numbers);
        }
        self.skip(&mut element)?;
        Ok(numbers)
    }

    /// Characters, which lie column by column.
    fn text(&mut self, shape: &[usize]) -> Result<String, CodecError> {
        let mut element = self.element()?;
        let kind = element.kind;
        let content = self.content(&mut element)?;
        let characters: Vec<char> = match kind {
            data::UTF8 => match std::str::from_utf8(&content) {
                Ok(text) => text.chars().collect(),
                Err(_) => return Err(self.damaged("text is not UTF-8")),
            },
            data::INT8 | data::UINT8 | data::UINT16 | data::UTF16 | data::UTF32 => {
                let size = size_of_storage(kind).unwrap_or(1);
                let mut words = Vec::new();
                let whole = content.len() - content.len() % size;
                convert(&content[..whole], kind, self.big_endian, &mut words);
                words.iter().map(|w| char::from_u32(*w as u32).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            _ => return Err(CodecError::unsupported(FORMAT, format!("text stored as data type {kind}"))),
        };
        let (rows, columns) = match shape {
            [rows, columns] => (*rows, *columns),
            _ => (1, characters.len()),
        };
        if rows.checked_mul(columns) != Some(characters.len()) {
            return Err(self.damaged(format!("{} characters do not fill {rows} x {columns}", characters.len())));
        }
        Ok((0..rows).flat_map(|r| (0..columns).map(move |c| c * rows + r)).map(|k| characters[k]).collect())
    }
}

/// Bytes of one stored number.
fn size_of_storage(kind: u32) -> Option<usize> {
    Some(match kind {
        data::INT8 | data::UINT8 => 1,
        data::INT16 | data::UINT16 | data::UTF16 => 2,
        data::INT32 | data::UINT32 | data::SINGLE | data::UTF32 => 4,
        data::DOUBLE | data::INT64 | data::UINT64 => 8,
        _ => return None,
    })
}

/// Appends stored numbers in single precision.
fn convert(bytes: &[u8], kind: u32, big_endian: bool, out: &mut Vec<f32>) {
    macro_rules! each {
        ($number:ty, $single:expr) => {
            out.extend(bytes.as_chunks().0.iter().map(|word| {
                let number = if big_endian { <$number>::from_be_bytes(*word) } else { <$number>::from_le_bytes(*word) };
                $single(number)
            }))
        };
    }
    match kind {
        data::INT8 => each!(i8, f32::from),
        data::INT16 => each!(i16, f32::from),
        data::UINT16 | data::UTF16 => each!(u16, f32::from),
        data::INT32 => each!(i32, |x| x as f32),
        data::UINT32 | data::UTF32 => each!(u32, |x| x as f32),
        data::SINGLE => each!(f32, |x| x),
        data::DOUBLE => each!(f64, |x| x as f32),
        data::INT64 => each!(i64, |x| x as f32),
        data::UINT64 => each!(u64, |x| x as f32),
        _ => each!(u8, f32::from),
    }
}

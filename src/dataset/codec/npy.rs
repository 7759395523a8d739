//! `NumPy`'s `.npy` (versions 1 to 3) and `.npz` (a zip of them).

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::array::{Dtype, Order, count};
use super::{Array, CodecError};

const NPY: &str = ".npy";
const NPZ: &str = ".npz";
const MAGIC: &[u8] = b"\x93NUMPY";
/// An array that unpacks to more is refused: 1 GiB.
const MAX_UNPACKED: u64 = 1 << 30;

fn damaged(at: usize, fault: impl Into<String>) -> CodecError {
    CodecError::Damaged { format: NPY, at: at as u64, fault: fault.into() }
}

/// The array of a `.npy` file.
pub fn read_npy(bytes: &[u8]) -> Result<Array, CodecError> {
    if !bytes.starts_with(MAGIC) {
        return Err(damaged(0, "it does not begin with `\\x93NUMPY`"));
    }
    let short = || damaged(bytes.len(), "it ends within the header");
    let version = *bytes.get(6).ok_or_else(short)?;
    let width = match version {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(CodecError::unsupported(NPY, format!("version {version} of the format"))),
    };
    let length = bytes.get(8..8 + width).ok_or_else(short)?;
    let length = length.iter().rev().fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
    let start = 8 + width;
    let end = start.checked_add(length).ok_or_else(short)?;
    let header = bytes.get(start..end).ok_or_else(short)?;
    let header = Header::parse(header).map_err(|fault| damaged(start, fault))?;
    let name = &header.descr;
    let dtype = Dtype::parse(name).filter(|t| t.is_number());
    let dtype = dtype.ok_or_else(|| CodecError::unsupported(NPY, format!("the data type `{name}`")))?;
    let content = &bytes[end..];
    let expected = count(&header.shape).and_then(|n| n.checked_mul(dtype.size));
    if expected != Some(content.len()) {
        return Err(damaged(end, format!("{} bytes follow, not a {:?} of {name}", content.len(), header.shape)));
    }
    let numbers = dtype.decode(content).ok_or_else(|| damaged(end, "an integer is beyond 64 bits with sign"))?;
    let order = if header.fortran_order { Order::ColumnMajor } else { Order::RowMajor };
    Array::new(header.shape, order, numbers).ok_or_else(|| damaged(end, "the shape does not fit"))
}

/// The Python dictionary at the start of a `.npy` file.
#[derive(Default)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the header is not text")?;
        let inside = text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        let mut rest = inside.ok_or("the header is not a dictionary")?.trim();
        let mut found = [None, None, None];
        while !rest.is_empty() {
            let (key, after) = rest.split_once(':').ok_or("the header has a key without a value")?;
            let after = after.trim_start();
            let end = match after.as_bytes().first() {
                Some(b'(') => after.find(')').map(|k| k + 1),
                Some(b'[') => return Err("the data type has fields, which this program does not read".to_owned()),
                _ => Some(after.find(',').unwrap_or(after.len())),
            };
            let (value, after) = after.split_at(end.ok_or("the header has an open bracket")?);
            let place = ["descr", "fortran_order", "shape"].iter().position(|name| *name == unquoted(key));
            found[place.ok_or_else(|| format!("the header has the unknown key {}", key.trim()))?] = Some(value.trim());
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
        let [Some(descr), Some(order), Some(shape)] = found else {
            return Err("the header lacks one of descr, fortran_order, shape".to_owned());
        };
        let fortran_order = match order {
            "True" => true,
            "False" => false,
            _ => return Err(format!("fortran_order is {order}")),
        };
        let axes = shape.trim_start_matches('(').trim_end_matches(')').split(',').map(str::trim);
        let axes = axes.filter(|axis| !axis.is_empty()).map(|axis| axis.trim_end_matches('L').parse());
        let shape = axes.collect::<Result<_, _>>().map_err(|_| format!("the shape is {shape}"))?;
        Ok(Self { descr: unquoted(descr).to_owned(), fortran_order, shape })
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['\'', '"'])
}

/// The arrays of a `.npz` file, unpacked one by one when asked for.
pub struct Npz<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Npz<'a> {
    /// Reads the list of what is inside.
    pub fn new(bytes: &'a [u8]) -> Result<Self, CodecError> {
        Ok(Self { zip: ZipArchive::new(Cursor::new(bytes)).map_err(|error| in_zip(&error))? })
    }

    /// Names of the arrays, without `.npy`, sorted.
    pub fn names(&self) -> Vec<String> {
        let files = self.zip.file_names().filter_map(Result::ok);
        let mut names: Vec<String> = files.map(|n| n.strip_suffix(".npy").unwrap_or(&n).to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The array of that name; `None` if there is none.
    pub fn read(&mut self, name: &str) -> Result<Option<Array>, CodecError> {
        let member = match self.zip.by_name(&format!("{name}.npy")) {
            Ok(member) => member,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(in_zip(&error)),
        };
        let mut content = Vec::new();
        let read = member.take(MAX_UNPACKED + 1).read_to_end(&mut content);
        read.map_err(|error| in_zip(&error))?;
        if content.len() as u64 > MAX_UNPACKED {
            return Err(CodecError::unsupported(NPZ, format!("an array `{name}` of more than {MAX_UNPACKED} bytes")));
        }
        read_npy(&content).map(Some)
    }
}

fn in_zip(error: &dyn std::error::Error) -> CodecError {
    CodecError::Damaged { format: NPZ, at: 0, fault: error.to_string() }
}

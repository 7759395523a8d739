//! MATLAB's `.mat` files, level 5 (MATLAB 5 to 7.2): elements plain or compressed, either byte order.
//!
//! Element: a tag of type and length, then the content, padded to 8 bytes; contents of up to 4 bytes may stand in the
//! tag. A matrix is an element of elements: flags, dimensions, name, content. Its class is what MATLAB shows, the type
//! of its content is how it is stored: doubles without fractions are often stored as small integers.

mod read;
mod write;

use super::Array;

pub use read::read;
pub use write::{Variable, write};

const FORMAT: &str = "MATLAB 5 .mat";

/// What a variable of a `.mat` file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum MatValue {
    /// An array of numbers of whatever class, kept in single precision and in MATLAB's order.
    Numbers(Array),
    /// Rows of characters, one row after the other.
    Text(String),
    /// A cell array, in MATLAB's order (the first index runs fastest).
    Cells(Vec<MatValue>),
    /// Something else, by MATLAB's name of the class.
    Other(&'static str),
    /// A variable that was not asked for.
    Skipped,
}

/// Numbers of the file's data types.
mod data {
    pub(super) const INT8: u32 = 1;
    pub(super) const UINT8: u32 = 2;
    pub(super) const INT16: u32 = 3;
    pub(super) const UINT16: u32 = 4;
    pub(super) const INT32: u32 = 5;
    pub(super) const UINT32: u32 = 6;
    pub(super) const SINGLE: u32 = 7;
    pub(super) const DOUBLE: u32 = 9;
    pub(super) const INT64: u32 = 12;
    pub(super) const UINT64: u32 = 13;
    pub(super) const MATRIX: u32 = 14;
    pub(super) const COMPRESSED: u32 = 15;
    pub(super) const UTF8: u32 = 16;
    pub(super) const UTF16: u32 = 17;
    pub(super) const UTF32: u32 = 18;
}

/// Numbers of MATLAB's classes.
mod class {
    pub(super) const CELL: u8 = 1;
    pub(super) const CHAR: u8 = 4;
    pub(super) const DOUBLE: u8 = 6;
    pub(super) const LAST_NUMERIC: u8 = 15;
    /// Names of the classes that are not read, by number.
    pub(super) const NAMES: [&str; 18] = [
        "unknown", "cell", "struct", "object", "char", "sparse", "double", "single", "int8", "uint8", "int16",
        "uint16", "int32", "uint32", "int64", "uint64", "function", "opaque",
    ];
}

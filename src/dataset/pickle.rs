//! A pickle (protocol 3) of one dictionary whose values are dictionaries of `NumPy` arrays, written item by item.
//!
//! The opcodes are those of Python's `pickletools`; arrays are rebuilt by `numpy.core.multiarray._reconstruct`, which
//! every `NumPy` since 1.0 knows.

use super::disk::NewFile;
use super::error::DatasetError;

const PROTOCOL: &[u8] = b"\x80\x03";
const EMPTY_DICT: u8 = b'}';
const SET_ITEM: u8 = b's';
const MARK: u8 = b'(';
const TUPLE: u8 = b't';
const TUPLE_1: u8 = b'\x85';
const TUPLE_2: u8 = b'\x86';
const TUPLE_3: u8 = b'\x87';
const REDUCE: u8 = b'R';
const BUILD: u8 = b'b';
const STOP: u8 = b'.';
const NONE: u8 = b'N';
const TRUE: u8 = b'\x88';
const FALSE: u8 = b'\x89';

/// Memory slots of the values that every array needs.
const RECONSTRUCT: u8 = 0;
const NDARRAY: u8 = 1;
const FLOAT32: u8 = 2;

/// Rows of numbers, written as a two-dimensional `float32` array.
pub(super) struct Array {
    /// Name of the array in its dictionary.
    pub(super) name: &'static str,
    /// Number of rows.
    pub(super) rows: u8,
    /// Number of columns.
    pub(super) columns: u8,
    /// Row by row.
    pub(super) values: Vec<f32>,
}

/// Starts the file; the dictionary is open.
pub(super) fn begin(file: &mut NewFile) -> Result<(), DatasetError> {
    let mut out = PROTOCOL.to_vec();
    global(&mut out, "numpy.core.multiarray", "_reconstruct");
    remember(&mut out, RECONSTRUCT);
    global(&mut out, "numpy", "ndarray");
    remember(&mut out, NDARRAY);
    float32(&mut out);
    remember(&mut out, FLOAT32);
    out.push(EMPTY_DICT);
    file.append(&out)
}

/// Adds `key: {name: array, ...}` to the open dictionary.
pub(super) fn item(file: &mut NewFile, key: u32, arrays: &[Array]) -> Result<(), DatasetError> {
    let mut out = Vec::with_capacity(2048);
    integer(&mut out, key as i32);
    out.push(EMPTY_DICT);
    for array in arrays {
        text(&mut out, array.name);
        ndarray(&mut out, array);
        out.push(SET_ITEM);
    }
    out.push(SET_ITEM);
    file.append(&out)
}

/// Ends the file.
pub(super) fn end(file: &mut NewFile) -> Result<(), DatasetError> {
    file.append(&[STOP])
}

fn ndarray(out: &mut Vec<u8>, array: &Array) {
    recall(out, RECONSTRUCT);
    recall(out, NDARRAY);
    out.extend([b'K', 0, TUPLE_1]);
    bytes(out, b"b");
    out.extend([TUPLE_3, REDUCE]);
    // state: version, shape, type, Fortran order, content
    out.extend([MARK, b'K', 1, b'K', array.rows, b'K', array.columns, TUPLE_2]);
    recall(out, FLOAT32);
    out.push(FALSE);
    let content: Vec<u8> = array.values.iter().flat_map(|v| v.to_le_bytes()).collect();
    bytes(out, &content);
    out.extend([TUPLE, BUILD]);
}

/// `numpy.dtype('f4')` in little-endian order.
fn float32(out: &mut Vec<u8>) {
    global(out, "numpy", "dtype");
    text(out, "f4");
    out.extend([FALSE, TRUE, TUPLE_3, REDUCE]);
    out.extend([MARK, b'K', 3]);
    text(out, "<");
    out.extend([NONE, NONE, NONE]);
    integer(out, -1);
    integer(out, -1);
    out.extend([b'K', 0, TUPLE, BUILD]);
}

fn global(out: &mut Vec<u8>, module: &str, name: &str) {
    out.push(b'c');
    out.extend(format!("{module}\n{name}\n").bytes());
}

/// Moves the top of the stack to a memory slot.
fn remember(out: &mut Vec<u8>, slot: u8) {
    out.extend([b'q', slot, b'0']);
}

fn recall(out: &mut Vec<u8>, slot: u8) {
    out.extend([b'h', slot]);
}

fn integer(out: &mut Vec<u8>, value: i32) {
    out.push(b'J');
    out.extend(value.to_le_bytes());
}

fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'X');
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value.bytes());
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'B');
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value);
}

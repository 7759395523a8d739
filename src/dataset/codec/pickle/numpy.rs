//! The functions that a pickle may call: those that rebuild arrays and bytes.

use std::borrow::Cow;

use super::super::array::{Dtype, Order};
use super::super::{Array, CodecError, Numbers};
use super::machine::{Id, Machine, Node};
use super::{FORMAT, text};

/// A function or class that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callable {
    /// An empty array, filled by `BUILD`.
    Reconstruct,
    /// Array class, an argument of the former.
    NdArray,
    /// A single number of a data type.
    Scalar,
    /// An array from bytes (protocol 5).
    FromBuffer,
    Dtype,
    /// Bytes in protocols 0 to 2.
    Encode,
    Bytes,
    OrderedDict,
    Set,
}

impl Callable {
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Reconstruct,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("numpy", "ndarray") => Self::NdArray,
            ("numpy", "dtype") => Self::Dtype,
            ("_codecs", "encode") => Self::Encode,
            ("builtins" | "__builtin__", "bytes" | "bytearray") => Self::Bytes,
            ("builtins" | "__builtin__", "set" | "frozenset") => Self::Set,
            ("collections", "OrderedDict") => Self::OrderedDict,
            _ => return None,
        })
    }
}

impl<'a> Machine<'a> {
    /// Calls a known function.
    pub(super) fn reduce(&mut self, function: Id, arguments: Id) -> Result<Node<'a>, CodecError> {
        let Node::Global(callable) = self.nodes[function] else {
            return Err(self.damaged("what is called is no function"));
        };
        let Node::Tuple(ids) = &self.nodes[arguments] else {
            return Err(self.damaged("a function is called without a tuple of arguments"));
        };
        let ids = ids.clone();
        let wrong = || format!("{callable:?} is called with {} arguments", ids.len());
        match (callable, ids.as_slice()) {
            (Callable::Reconstruct, _) => Ok(Node::NewArray),
            (Callable::Dtype, [name, ..]) => self.dtype(*name),
            (Callable::Scalar, [dtype, content]) => self.scalar(*dtype, *content),
            (Callable::FromBuffer, [content, dtype, shape, order]) => {
                let is_fortran = self.text_of(*order)? == "F";
                self.array(*shape, *dtype, is_fortran, *content)
            }
            (Callable::Encode, [text, _]) => {
                let text = self.text_of(*text)?.into_owned();
                self.spend(text.len())?;
                let bytes = text::to_latin1(&text).ok_or_else(|| self.damaged("bytes hold a wide character"))?;
                Ok(Node::Bytes(Cow::Owned(bytes)))
            }
            (Callable::Bytes, []) => Ok(Node::Bytes(Cow::Borrowed(&[]))),
            (Callable::Bytes, [content]) => {
                let copy = self.bytes_of(*content)?.to_vec();
                self.spend(copy.len())?;
                Ok(Node::Bytes(Cow::Owned(copy)))
            }
            (Callable::OrderedDict, []) => Ok(Node::Dict(Vec::new())),
            (Callable::OrderedDict, [pairs]) => {
                let mut items = Vec::new();
                for pair in self.members_of(*pairs)? {
                    items.extend(self.members_of(pair)?);
                }
                self.spend(8 * items.len())?;
                Ok(Node::Dict(self.pairs(&items)?))
            }
            (Callable::Set, [members]) => {
                let members = self.members_of(*members)?;
                self.spend(8 * members.len())?;
                Ok(Node::List(members))
            }
            _ => Err(self.damaged(wrong())),
        }
    }

    /// What an object becomes with its state.
    pub(super) fn build(&mut self, object: Id, state: Id) -> Result<Node<'a>, CodecError> {
        let state = self.members_of(state)?;
        match (&self.nodes[object], state.as_slice()) {
            // version, byte order, sub-array, names, fields, size, alignment, flags
            (Node::Dtype(dtype), [_, order, sub_array, names, ..]) => {
                let dtype = *dtype;
                if ![sub_array, names].iter().all(|id| matches!(self.nodes[**id], Node::None)) {
                    return Err(CodecError::unsupported(FORMAT, "an array of records"));
                }
                Ok(Node::Dtype(Dtype { big_endian: self.text_of(*order)? == ">", ..dtype }))
            }
            (Node::NewArray, [.., shape, dtype, is_fortran, content]) => {
                let is_fortran = matches!(self.nodes[*is_fortran], Node::Bool(true) | Node::Int(1));
                self.array(*shape, *dtype, is_fortran, *content)
            }
            _ => Err(self.damaged("a state belongs to neither an array nor a data type")),
        }
    }

    fn dtype(&self, name: Id) -> Result<Node<'a>, CodecError> {
        let name = self.text_of(name)?;
        let unknown = || CodecError::unsupported(FORMAT, format!("the data type `{name}`"));
        Ok(Node::Dtype(Dtype::parse(&name).ok_or_else(unknown)?))
    }

    fn array(&mut self, shape: Id, dtype: Id, is_fortran: bool, content: Id) -> Result<Node<'a>, CodecError> {
        let dtype = self.dtype_of(dtype)?;
        if dtype.kind == b'O' {
            let members = self.members_of(content)?;
            self.spend(8 * members.len())?;
            return Ok(Node::List(members));
        }
        let axes = self.members_of(shape)?;
        let axis = |id: &Id| if let Node::Int(n) = self.nodes[*id] { usize::try_from(n).ok() } else { None };
        let shape: Option<Vec<usize>> = axes.iter().map(axis).collect();
        let shape = shape.ok_or_else(|| self.damaged("a shape is not made of counts"))?;
        let numbers = self.numbers(dtype, content)?;
        let order = if is_fortran { Order::ColumnMajor } else { Order::RowMajor };
        let found = numbers.len();
        let misfit = || self.damaged(format!("{found} numbers do not fill an array of {shape:?}"));
        let array = Array::new(shape.clone(), order, numbers).ok_or_else(misfit)?;
        Ok(Node::Array(Box::new(array)))
    }

    fn scalar(&mut self, dtype: Id, content: Id) -> Result<Node<'a>, CodecError> {
        let dtype = self.dtype_of(dtype)?;
        match dtype.kind {
            b'S' => {
                let copy = self.bytes_of(content)?.to_vec();
                self.spend(copy.len())?;
                return Ok(Node::Bytes(Cow::Owned(copy)));
            }
            b'U' => {
                let bytes = self.bytes_of(content)?;
                let word = |w: &[u8]| {
                    let word = [w[0], w[1], w[2], w[3]];
                    char::from_u32(if dtype.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
                };
                let text: Option<String> = bytes.chunks_exact(4).map(word).collect();
                let text = text.ok_or_else(|| self.damaged("text is not UTF-32"))?;
                self.spend(text.len())?;
                return Ok(Node::Text(Cow::Owned(text.trim_end_matches('\0').to_owned())));
            }
            _ => {}
        }
        let numbers = self.numbers(dtype, content)?;
        let node = match &numbers {
            Numbers::U8(v) if dtype.kind == b'b' => v.first().map(|&x| Node::Bool(x != 0)),
            Numbers::U8(v) => v.first().map(|&x| Node::Int(i64::from(x))),
            Numbers::I64(v) => v.first().map(|&x| Node::Int(x)),
            Numbers::F32(_) | Numbers::F64(_) => numbers.get(0).map(Node::Float),
        };
        node.filter(|_| numbers.len() == 1).ok_or_else(|| self.damaged("a number has the wrong size"))
    }

    fn numbers(&mut self, dtype: Dtype, content: Id) -> Result<Numbers, CodecError> {
        self.spend(self.bytes_of(content)?.len().saturating_mul(8 / dtype.size.clamp(1, 8)))?;
        let numbers = dtype.decode(self.bytes_of(content)?);
        numbers.ok_or_else(|| self.damaged("the bytes of an array are not numbers of its type"))
    }

    fn dtype_of(&self, id: Id) -> Result<Dtype, CodecError> {
        if let Node::Dtype(dtype) = self.nodes[id] { Ok(dtype) } else { Err(self.damaged("a data type is expected")) }
    }

    fn bytes_of(&self, id: Id) -> Result<&[u8], CodecError> {
        if let Node::Bytes(bytes) = &self.nodes[id] { Ok(bytes) } else { Err(self.damaged("bytes are expected")) }
    }

    fn members_of(&self, id: Id) -> Result<Vec<Id>, CodecError> {
        match &self.nodes[id] {
            Node::List(ids) | Node::Tuple(ids) => Ok(ids.clone()),
            _ => Err(self.damaged("a list or tuple is expected")),
        }
    }
}

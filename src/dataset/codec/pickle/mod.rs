//! Python pickles of plain values and `NumPy` arrays, protocols 0 to 5, written by Python 2 or 3 and `NumPy` 1 or 2.
//!
//! The opcodes are those of Python's `pickletools`. A pickle is a program that may name any function of its writer's
//! machine; here it gets the few that rebuild arrays, and every other name is an error that says it.

mod machine;
mod numpy;
mod text;

use std::borrow::Cow;

use self::machine::{Machine, Node};
use super::{Array, CodecError};

const FORMAT: &str = "pickle";

/// What a pickle holds. Values lie in one flat list and refer to each other by place, as a pickle may share a value or
/// put it inside itself.
pub struct Pickle<'a> {
    nodes: Vec<Node<'a>>,
    root: usize,
}

impl<'a> Pickle<'a> {
    /// Decodes a whole pickle; what follows it is ignored, as Python does.
    pub fn read(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let (nodes, root) = Machine::new(bytes).run()?;
        Ok(Self { nodes, root })
    }

    /// The value that was pickled.
    pub fn root(&self) -> Item<'_> {
        Item { nodes: &self.nodes, id: self.root }
    }
}

/// A value inside a [`Pickle`].
#[derive(Clone, Copy)]
pub struct Item<'p> {
    nodes: &'p [Node<'p>],
    id: usize,
}

impl<'p> Item<'p> {
    fn node(self) -> &'p Node<'p> {
        &self.nodes[self.id]
    }

    fn at(self, id: usize) -> Self {
        Self { id, ..self }
    }

    /// Python's name of its type, for messages.
    pub fn type_name(self) -> &'static str {
        match self.node() {
            Node::None => "None",
            Node::Bool(_) => "bool",
            Node::Int(_) => "int",
            Node::Float(_) => "float",
            Node::Text(_) => "str",
            Node::Bytes(_) => "bytes",
            Node::List(_) => "list",
            Node::Tuple(_) => "tuple",
            Node::Dict(_) => "dict",
            Node::Array(_) | Node::NewArray => "ndarray",
            Node::Dtype(_) => "dtype",
            Node::Global(_) => "function",
        }
    }

    /// Whether it is `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// A truth value.
    pub fn as_bool(self) -> Option<bool> {
        if let Node::Bool(value) = self.node() { Some(*value) } else { None }
    }

    /// An integer.
    pub fn as_i64(self) -> Option<i64> {
        if let Node::Int(value) = self.node() { Some(*value) } else { None }
    }

    /// A number.
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            Node::Int(value) => Some(*value as f64),
            Node::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// Text, or the bytes of a Python 2 string read as Latin-1.
    pub fn as_text(self) -> Option<Cow<'p, str>> {
        match self.node() {
            Node::Text(text) => Some(Cow::Borrowed(text)),
            Node::Bytes(bytes) => Some(Cow::Owned(text::latin1(bytes))),
            _ => None,
        }
    }

    /// Bytes, or a Python 2 string.
    pub fn as_bytes(self) -> Option<&'p [u8]> {
        if let Node::Bytes(bytes) = self.node() { Some(bytes) } else { None }
    }

    /// A `NumPy` array of numbers.
    pub fn as_array(self) -> Option<&'p Array> {
        if let Node::Array(array) = self.node() { Some(array) } else { None }
    }

    /// Members of a list, tuple, set or array of objects.
    pub fn members(self) -> Option<impl ExactSizeIterator<Item = Self>> {
        match self.node() {
            Node::List(ids) | Node::Tuple(ids) => Some(ids.iter().map(move |id| self.at(*id))),
            _ => None,
        }
    }

    /// Keys and values of a dictionary in the order of the file.
    pub fn entries(self) -> Option<impl ExactSizeIterator<Item = (Self, Self)>> {
        match self.node() {
            Node::Dict(pairs) => Some(pairs.iter().map(move |(key, value)| (self.at(*key), self.at(*value)))),
            _ => None,
        }
    }

    /// The value of a dictionary under a key of text.
    pub fn get(self, key: &str) -> Option<Self> {
        let Node::Dict(pairs) = self.node() else { return None };
        let found = pairs.iter().rev().find(|(k, _)| self.at(*k).as_text().is_some_and(|text| text == key));
        found.map(|(_, value)| self.at(*value))
    }
}

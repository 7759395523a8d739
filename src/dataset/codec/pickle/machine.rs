//! The stack machine that a pickle is a program for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::array::Dtype;
use super::super::{Array, CodecError};
use super::numpy::Callable;
use super::{FORMAT, text};

/// Place of a value.
pub(super) type Id = usize;

/// A value, or a step on the way to one.
pub(super) enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Array(Box<Array>),
    /// An array whose content comes with the next `BUILD`.
    NewArray,
    Dtype(Dtype),
    Global(Callable),
}

/// Stack, marks and memory of a running pickle.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack at each open mark.
    marks: Vec<usize>,
    memo: BTreeMap<u64, Id>,
    /// Bytes that may still be copied: a value in memory can be decoded again and again for two bytes of program.
    budget: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        // the widest honest decoding makes eight bytes of one
        let budget = bytes.len().saturating_mul(16);
        Self { bytes, at: 0, nodes: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new(), budget }
    }

    /// All values and the place of the result.
    pub(super) fn run(mut self) -> Result<(Vec<Node<'a>>, Id), CodecError> {
        loop {
            let opcode = self.byte()?;
            if opcode == b'.' {
                let root = self.pop()?;
                return Ok((self.nodes, root));
            }
            let known = self.number(opcode)?
                || self.string(opcode)?
                || self.container(opcode)?
                || self.memory(opcode)?
                || self.object(opcode)?;
            if !known {
                self.at -= 1;
                return Err(self.damaged(format!("the opcode 0x{opcode:02x} is unknown or needs its writer's program")));
            }
        }
    }

    pub(super) fn damaged(&self, fault: impl Into<String>) -> CodecError {
        CodecError::Damaged { format: FORMAT, at: self.at as u64, fault: fault.into() }
    }

    /// Takes note of bytes that are about to be copied.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), CodecError> {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or_else(|| self.damaged("it unpacks to far more than its own size"))?;
        Ok(())
    }

    // reading the program

    fn take(&mut self, count: u64) -> Result<&'a [u8], CodecError> {
        let taken = usize::try_from(count).ok().and_then(|n| self.bytes[self.at..].get(..n));
        let taken = taken.ok_or_else(|| self.damaged("it ends too early"))?;
        self.at += taken.len();
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number of that many bytes.
    fn uint(&mut self, width: u64) -> Result<u64, CodecError> {
        Ok(self.take(width)?.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    /// Bytes behind their count, which has that many bytes.
    fn counted(&mut self, width: u64) -> Result<&'a [u8], CodecError> {
        let count = self.uint(width)?;
        self.take(count)
    }

    fn line(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.bytes[self.at..].iter().position(|b| *b == b'\n');
        let length = length.ok_or_else(|| self.damaged("it ends within a line"))?;
        let line = self.take(length as u64)?;
        self.at += 1;
        Ok(line)
    }

    fn line_as<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, CodecError> {
        let line = self.line()?;
        let number = std::str::from_utf8(line).ok().and_then(|t| t.trim().trim_end_matches('L').parse().ok());
        number.ok_or_else(|| self.damaged(format!("`{}` is not {what}", text::latin1(&line[..line.len().min(40)]))))
    }

    fn utf8(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, CodecError> {
        std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| self.damaged("text is not UTF-8"))
    }

    // the stack

    pub(super) fn push(&mut self, node: Node<'a>) -> bool {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        true
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Result<Id, CodecError> {
        if self.stack.len() <= self.floor() {
            return Err(self.damaged("a value is taken from the empty stack"));
        }
        self.stack.pop().ok_or_else(|| self.damaged("a value is taken from the empty stack"))
    }

    pub(super) fn top(&self) -> Result<Id, CodecError> {
        let top = self.stack.last().filter(|_| self.stack.len() > self.floor());
        top.copied().ok_or_else(|| self.damaged("a value is asked of the empty stack"))
    }

    /// Everything above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>, CodecError> {
        let mark = self.marks.pop().ok_or_else(|| self.damaged("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, CodecError> {
        let mut ids = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        ids.reverse();
        Ok(ids)
    }

    // groups of opcodes: each says whether the opcode was one of its own

    fn number(&mut self, opcode: u8) -> Result<bool, CodecError> {
        let node = match opcode {
            b'N' => Node::None,
            0x88 => Node::Bool(true),
            0x89 => Node::Bool(false),
            b'K' | b'M' => Node::Int(self.uint(if opcode == b'K' { 1 } else { 2 })?.cast_signed()),
            b'J' => Node::Int(i64::from((self.uint(4)? as u32).cast_signed())),
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'F' => Node::Float(self.line_as("a number")?),
            b'G' => Node::Float(f64::from_bits(self.uint(8)?.swap_bytes())),
            b'I' if self.bytes[self.at..].starts_with(b"00\n") || self.bytes[self.at..].starts_with(b"01\n") => {
                Node::Bool(self.line()? == b"01")
            }
            b'I' | b'L' => Node::Int(self.line_as("an integer of 64 bits")?),
            _ => return Ok(false),
        };
        Ok(self.push(node))
    }

    /// An integer in two's complement, as many bytes as it needs.
    fn long(&mut self, width: u64) -> Result<Node<'a>, CodecError> {
        let bytes = self.counted(width)?;
        if bytes.len() > 8 {
            return Err(CodecError::unsupported(FORMAT, "an integer of more than 64 bits"));
        }
        let fill = if bytes.last().is_some_and(|b| *b >= 0x80) { u64::MAX } else { 0 };
        let value = bytes.iter().rev().fold(fill, |n, byte| n << 8 | u64::from(*byte));
        Ok(Node::Int(value.cast_signed()))
    }

    fn string(&mut self, opcode: u8) -> Result<bool, CodecError> {
        let node = match opcode {
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'T' | b'B' => Node::Bytes(Cow::Borrowed(self.counted(4)?)),
            b'U' | b'C' => Node::Bytes(Cow::Borrowed(self.counted(1)?)),
            0x8e | 0x96 => Node::Bytes(Cow::Borrowed(self.counted(8)?)),
            b'S' => {
                let line = self.line()?;
                let bytes = text::string_literal(line).ok_or_else(|| self.damaged("a string is not in quotes"))?;
                Node::Bytes(Cow::Owned(bytes))
            }
            b'V' => {
                let line = self.line()?;
                let text = text::raw_unicode(line).ok_or_else(|| self.damaged("text has a wrong escape"))?;
                Node::Text(Cow::Owned(text))
            }
            _ => return Ok(false),
        };
        Ok(self.push(node))
    }

    fn text(&mut self, width: u64) -> Result<Node<'a>, CodecError> {
        let bytes = self.counted(width)?;
        Ok(Node::Text(self.utf8(bytes)?))
    }

    fn container(&mut self, opcode: u8) -> Result<bool, CodecError> {
        match opcode {
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(true)
            }
            b')' => Ok(self.push(Node::Tuple(Vec::new()))),
            b']' | 0x8f => Ok(self.push(Node::List(Vec::new()))),
            b'}' => Ok(self.push(Node::Dict(Vec::new()))),
            b't' => self.closed(Node::Tuple),
            b'l' | 0x91 => self.closed(Node::List),
            b'd' => {
                let pairs = self.pop_mark().and_then(|ids| self.pairs(&ids))?;
                Ok(self.push(Node::Dict(pairs)))
            }
            0x85..=0x87 => {
                let ids = self.pop_many(usize::from(opcode - 0x84))?;
                Ok(self.push(Node::Tuple(ids)))
            }
            b'a' => {
                let member = self.pop()?;
                self.extend(vec![member])
            }
            b'e' | 0x90 => {
                let members = self.pop_mark()?;
                self.extend(members)
            }
            b's' => {
                let pair = self.pop_many(2)?;
                self.set_items(&pair)
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)
            }
            _ => Ok(false),
        }
    }

    fn closed(&mut self, make: fn(Vec<Id>) -> Node<'a>) -> Result<bool, CodecError> {
        let ids = self.pop_mark()?;
        Ok(self.push(make(ids)))
    }

    pub(super) fn pairs(&self, ids: &[Id]) -> Result<Vec<(Id, Id)>, CodecError> {
        if !ids.len().is_multiple_of(2) {
            return Err(self.damaged("a key has no value"));
        }
        Ok(ids.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn extend(&mut self, members: Vec<Id>) -> Result<bool, CodecError> {
        let top = self.top()?;
        let Node::List(list) = &mut self.nodes[top] else {
            return Err(self.damaged("something is appended to what is no list"));
        };
        list.extend(members);
        Ok(true)
    }

    fn set_items(&mut self, items: &[Id]) -> Result<bool, CodecError> {
        let pairs = self.pairs(items)?;
        let top = self.top()?;
        let Node::Dict(dict) = &mut self.nodes[top] else {
            return Err(self.damaged("a key is set in what is no dictionary"));
        };
        dict.extend(pairs);
        Ok(true)
    }

    fn memory(&mut self, opcode: u8) -> Result<bool, CodecError> {
        match opcode {
            b'0' if self.marks.last() == Some(&self.stack.len()) => {
                self.marks.pop();
            }
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                self.pop_mark()?;
            }
            b'2' => self.stack.push(self.top()?),
            b'p' => self.remember(|m| m.line_as("a place in memory"))?,
            b'q' => self.remember(|m| m.uint(1))?,
            b'r' => self.remember(|m| m.uint(4))?,
            0x94 => self.remember(|m| Ok(m.memo.len() as u64))?,
            b'g' => self.recall(|m| m.line_as("a place in memory"))?,
            b'h' => self.recall(|m| m.uint(1))?,
            b'j' => self.recall(|m| m.uint(4))?,
            0x80 => {
                let protocol = self.byte()?;
                if protocol > 5 {
                    return Err(CodecError::unsupported(FORMAT, format!("protocol {protocol}")));
                }
            }
            0x95 => {
                self.uint(8)?;
            }
            // a buffer made read-only is the same buffer
            0x98 => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn remember(&mut self, slot: impl FnOnce(&mut Self) -> Result<u64, CodecError>) -> Result<(), CodecError> {
        let slot = slot(self)?;
        self.memo.insert(slot, self.top()?);
        Ok(())
    }

    fn recall(&mut self, slot: impl FnOnce(&mut Self) -> Result<u64, CodecError>) -> Result<(), CodecError> {
        let slot = slot(self)?;
        let id = self.memo.get(&slot).copied();
        self.stack.push(id.ok_or_else(|| self.damaged(format!("memory {slot} was never filled")))?);
        Ok(())
    }

    fn object(&mut self, opcode: u8) -> Result<bool, CodecError> {
        match opcode {
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(&text::latin1(module), &text::latin1(name))
            }
            0x93 => {
                let ids = self.pop_many(2)?;
                let (module, name) = (self.text_of(ids[0])?.into_owned(), self.text_of(ids[1])?.into_owned());
                self.global(&module, &name)
            }
            b'R' => {
                let ids = self.pop_many(2)?;
                let node = self.reduce(ids[0], ids[1])?;
                Ok(self.push(node))
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                let node = self.build(object, state)?;
                self.nodes[object] = node;
                Ok(true)
            }
            b'P' | b'Q' | 0x82..=0x84 | 0x97 => {
                Err(CodecError::unsupported(FORMAT, "a reference to something outside the file"))
            }
            b'i' | b'o' | 0x81 | 0x92 => Err(CodecError::unsupported(FORMAT, "an object of a class")),
            _ => Ok(false),
        }
    }

    fn global(&mut self, module: &str, name: &str) -> Result<bool, CodecError> {
        let callable = Callable::named(module, name);
        let named = || format!("the Python object `{}.{}`", shown(module), shown(name));
        Ok(self.push(Node::Global(callable.ok_or_else(|| CodecError::unsupported(FORMAT, named()))?)))
    }

    /// Text or a Python 2 string.
    pub(super) fn text_of(&self, id: Id) -> Result<Cow<'_, str>, CodecError> {
        match &self.nodes[id] {
            Node::Text(text) => Ok(Cow::Borrowed(text)),
            Node::Bytes(bytes) => Ok(Cow::Owned(text::latin1(bytes))),
            _ => Err(self.damaged("text is expected")),
        }
    }
}

/// The start of a name, for a message.
fn shown(name: &str) -> String {
    name.chars().take(60).collect()
}

//! Arrays of numbers, and the names by which `NumPy` calls their types.

/// Content of an [`Array`], in the order of the file. Narrow types are widened without loss.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Unsigned bytes, and truth values as 0 and 1.
    U8(Vec<u8>),
    /// All other integers.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    pub fn get(&self, place: usize) -> Option<f64> {
        match self {
            Self::U8(v) => v.get(place).map(|&x| f64::from(x)),
            Self::I64(v) => v.get(place).map(|&x| x as f64),
            Self::F32(v) => v.get(place).map(|&x| f64::from(x)),
            Self::F64(v) => v.get(place).copied(),
        }
    }
}

/// Which index of an array runs fastest in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The last (C, `NumPy`).
    RowMajor,
    /// The first (Fortran, MATLAB).
    ColumnMajor,
}

/// Numbers with a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    order: Order,
    numbers: Numbers,
}

impl Array {
    /// `None` if the shape holds another count of numbers.
    pub(super) fn new(shape: Vec<usize>, order: Order, numbers: Numbers) -> Option<Self> {
        (count(&shape) == Some(numbers.len())).then_some(Self { shape, order, numbers })
    }

    /// The same numbers with another shape; `None` if that holds another count.
    pub fn reshaped(self, shape: Vec<usize>) -> Option<Self> {
        Self::new(shape, self.order, self.numbers)
    }

    /// Length along each axis; none of a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers as they lie in the file.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The number at an index per axis; `None` outside the shape.
    pub fn get(&self, index: &[usize]) -> Option<f64> {
        let inside = index.len() == self.shape.len() && index.iter().zip(&self.shape).all(|(i, n)| i < n);
        let step = |at: usize, (i, n): (&usize, &usize)| at * n + i;
        inside.then_some(())?;
        let place = match self.order {
            Order::RowMajor => index.iter().zip(&self.shape).fold(0, step),
            Order::ColumnMajor => index.iter().zip(&self.shape).rev().fold(0, step),
        };
        self.numbers.get(place)
    }

    /// Rows of `N` numbers along the last axis, all leading axes run together; `None` if that axis has another length.
    pub fn rows<const N: usize>(&self) -> Option<Vec<[f64; N]>> {
        let (&last, leading) = self.shape.split_last()?;
        if last != N {
            return None;
        }
        let mut index = vec![0; self.shape.len()];
        let mut rows = Vec::new();
        for row in 0..count(leading)? {
            let mut rest = row;
            for (axis, n) in leading.iter().enumerate().rev() {
                index[axis] = rest % n;
                rest /= n;
            }
            let mut values = [0.0; N];
            for (column, value) in values.iter_mut().enumerate() {
                index[leading.len()] = column;
                *value = self.get(&index)?;
            }
            rows.push(values);
        }
        Some(rows)
    }
}

/// Numbers of a shape; `None` if that exceeds what a machine can count.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |total, n| total.checked_mul(*n))
}

/// A `NumPy` data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    /// `b`ool, `i`nt, `u`nsigned, `f`loat, `S` bytes, `U` text, `O`bject.
    pub(super) kind: u8,
    /// Bytes of one element (of `U` and `O`: what the file calls it).
    pub(super) size: usize,
    pub(super) big_endian: bool,
}

impl Dtype {
    /// From a name such as `<f8`, `|b1`, `u2`; `None` if it is not understood.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (big_endian, name) = match name.as_bytes().first()? {
            b'>' => (true, &name[1..]),
            b'<' | b'=' | b'|' => (false, &name[1..]),
            _ => (false, name),
        };
        if name == "?" {
            return Some(Self { kind: b'b', size: 1, big_endian });
        }
        let kind = *name.as_bytes().first()?;
        let digits = name.get(1..)?;
        let size = if kind == b'O' && digits.is_empty() { 8 } else { digits.parse().ok()? };
        let known = match kind {
            b'b' => size == 1,
            b'i' | b'u' => [1, 2, 4, 8].contains(&size),
            b'f' => [4, 8].contains(&size),
            b'S' | b'U' | b'O' => true,
            _ => false,
        };
        known.then_some(Self { kind, size, big_endian })
    }

    /// Whether elements are numbers.
    pub(super) fn is_number(self) -> bool {
        matches!(self.kind, b'b' | b'i' | b'u' | b'f')
    }

    /// Numbers of this type from their bytes; `None` for other kinds, odd lengths and integers beyond `i64`.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Numbers> {
        if !self.is_number() || self.size == 0 || !bytes.len().is_multiple_of(self.size) {
            return None;
        }
        let words = || bytes.chunks_exact(self.size).map(|word| self.word(word));
        Some(match (self.kind, self.size) {
            (b'b', _) => Numbers::U8(bytes.iter().map(|b| u8::from(*b != 0)).collect()),
            (b'u', 1) => Numbers::U8(bytes.to_vec()),
            (b'u', _) => Numbers::I64(words().map(|w| i64::try_from(w).ok()).collect::<Option<_>>()?),
            (b'i', size) => {
                let shift = 64 - 8 * size as u32;
                Numbers::I64(words().map(|w| (w << shift).cast_signed() >> shift).collect())
            }
            (_, 4) => Numbers::F32(words().map(|w| f32::from_bits(w as u32)).collect()),
            _ => Numbers::F64(words().map(f64::from_bits).collect()),
        })
    }

    /// Up to eight bytes as an unsigned number.
    fn word(self, bytes: &[u8]) -> u64 {
        let push = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }
}

//! JSON of any size, read piece by piece, and lists of numbers however they are nested.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::foreign;
use crate::dataset::DatasetError;

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;
/// Bytes of a faulty file that are shown.
const SHOWN: usize = 24;

/// A JSON file of which only the result is in memory. An error names line, column and what stands there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, DatasetError> {
    let open = || File::open(path).map_err(|e| foreign(path, format!("cannot be read: {e}")));
    let file = BufReader::with_capacity(BLOCK, open()?);
    serde_json::from_reader(file).map_err(|e| {
        let there = open().ok().and_then(|file| excerpt(file, e.line(), e.column()));
        let there = there.map_or_else(String::new, |text| format!("; there stands `{text}`"));
        foreign(path, format!("is damaged: {e}{there}"))
    })
}

/// Text from a little before a place, from 1, in a file.
fn excerpt(file: File, line: usize, column: usize) -> Option<String> {
    let mut reader = BufReader::with_capacity(BLOCK, file);
    for _ in 1..line {
        reader.skip_until(b'\n').ok()?;
    }
    let before = column.saturating_sub(SHOWN / 2) as u64;
    std::io::copy(&mut reader.by_ref().take(before), &mut std::io::sink()).ok()?;
    let mut bytes = Vec::new();
    reader.take(SHOWN as u64).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.lines().next().unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// First bytes of a file; empty if it cannot be read.
pub(super) fn head(path: &Path, bytes: usize) -> Vec<u8> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes as u64).read_to_end(&mut head));
    if read.is_err() {
        head.clear();
    }
    head
}

/// Keys of the object that a JSON text begins with, as far as the text goes; none if it begins otherwise.
pub(super) fn first_keys(text: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut stack: Vec<u8> = Vec::new();
    let mut key_is_due = false;
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                let Some(word) = string(&mut rest) else { break };
                if key_is_due && stack == [b'{'] {
                    keys.push(word);
                }
                key_is_due = false;
            }
            b'{' | b'[' => {
                stack.push(byte);
                key_is_due = byte == b'{';
            }
            b'}' | b']' => {
                stack.pop();
                key_is_due = false;
            }
            b',' => key_is_due = stack.last() == Some(&b'{'),
            _ => {}
        }
        if stack.first() != Some(&b'{') && !byte.is_ascii_whitespace() {
            break;
        }
    }
    keys
}

/// The rest of a string after its first quote; `None` if it does not end.
fn string(rest: &mut impl Iterator<Item = u8>) -> Option<String> {
    let mut word = Vec::new();
    loop {
        match rest.next()? {
            b'"' => return Some(String::from_utf8_lossy(&word).into_owned()),
            b'\\' => word.extend(rest.next()),
            byte => word.push(byte),
        }
    }
}

/// Numbers (and true, false), in one list however deep they are nested; `null` among them is not a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Flat(pub(super) Vec<f32>);

impl Flat {
    /// As rows of a few numbers; `None` if there are not exactly as many rows as asked for.
    pub(super) fn rows<const N: usize, const ROWS: usize>(&self) -> Option<[[f32; N]; ROWS]> {
        let (rows, rest) = self.0.as_chunks::<N>();
        rows.try_into().ok().filter(|_| rest.is_empty())
    }
}

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Vec::new();
        Append(&mut list).deserialize(deserializer)?;
        Ok(Self(list))
    }
}

/// Appends what comes to a list.
struct Append<'a>(&'a mut Vec<f32>);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("numbers or lists of numbers")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.push(value as f32);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.push(value as f32);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.push(value as f32);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.push(f32::from(u8::from(value)));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.push(f32::NAN);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Append(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// A name or number as text: some files quote numbers, some do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_flat() {
        let flat: Flat = serde_json::from_str("[[1, 2.5, true], [-3, [4], false]]").unwrap();
        assert_eq!(flat.0, [1.0, 2.5, 1.0, -3.0, 4.0, 0.0]);
        assert_eq!(flat.rows::<3, 2>(), Some([[1.0, 2.5, 1.0], [-3.0, 4.0, 0.0]]));
        assert_eq!(flat.rows::<3, 1>(), None);
        assert_eq!(flat.rows::<4, 1>(), None);
        let flat: Flat = serde_json::from_str("[null]").unwrap();
        assert!(flat.0[0].is_nan());
        assert!(serde_json::from_str::<Flat>("[\"a\"]").is_err());
    }

    #[test]
    fn keys_of_the_outermost_object_only() {
        let text = br#" {"info": {"a": "b,\"c", "d": [{"e": 1}]}, "images": [{"id": 3, "file_name": "x"}], "ann"#;
        assert_eq!(first_keys(text), ["info", "images"]);
        assert!(first_keys(b"[{\"a\": 1}]").is_empty());
        assert!(first_keys(b"\x89PNG {\"a\": 1}").is_empty());
        assert_eq!(first_keys(b"{\"a\": 1} {\"b\": 1}"), ["a"]);
    }

    #[test]
    fn damage_is_shown_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, "{\"a\": [1, 2],\n \"b\": [3, NaN, 5]}\n").unwrap();
        let said = read::<serde_json::Value>(&path).unwrap_err().to_string();
        assert!(said.contains("line 2") && said.contains("NaN, 5"), "{said}");
        let said = read::<serde_json::Value>(&folder.path().join("y.json")).unwrap_err().to_string();
        assert!(said.contains("cannot be read"), "{said}");
    }
}

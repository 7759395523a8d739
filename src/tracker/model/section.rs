//! Reads one table of a `model.toml`, collecting all faults instead of stopping at the first.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::error::Fault;
use crate::near::nearest;

/// Reads what belongs to one word.
pub(super) type Reader<T> = fn(&mut Section) -> Option<T>;

/// One table; keys are taken out one by one, what is left at the end is unknown.
pub(super) struct Section {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Section {
    /// The outermost table.
    pub(super) fn root(table: Table) -> Self {
        Self { path: String::new(), table, known: Vec::new(), faults: Vec::new() }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of a key.
    pub(super) fn fault(&mut self, key: &str, what: impl Into<String>, hint: impl Into<String>) {
        let key = self.key(key);
        self.faults.push(Fault { key, what: what.into(), hint: hint.into() });
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// True if the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn missing(&mut self, key: &str, legal: &str) {
        self.fault(key, "is missing", format!("legal here: {legal}"));
    }

    fn wrong(&mut self, key: &str, value: &Value, legal: &str) {
        self.fault(key, format!("is {value}"), format!("legal here: {legal}"));
    }

    /// A text; `None` if there is none.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            other => {
                self.wrong(key, &other, "a text in quotes that is not empty");
                None
            }
        }
    }

    /// A text that must be there: `legal` says what it is.
    pub(super) fn required_text(&mut self, key: &'static str, legal: &str) -> Option<String> {
        if !self.has(key) {
            self.known.push(key);
            self.missing(key, legal);
            return None;
        }
        self.text(key)
    }

    /// A text or a list of texts; empty if there is none, `None` if it is something else.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let Some(value) = self.take(key) else { return Some(Vec::new()) };
        let found = match &value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(list) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if found.is_none() {
            self.wrong(key, &value, "a text in quotes, or a list of them in square brackets");
        }
        found
    }

    /// One of several words. Without a default the key must be there.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        default: Option<T>,
        legal: &[(&'static str, T)],
    ) -> Option<T> {
        let words = legal.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let Some(value) = self.take(key) else {
            if default.is_none() {
                self.missing(key, &words);
            }
            return default;
        };
        let word = value.as_str().unwrap_or_default();
        let found = legal.iter().find(|(legal, _)| *legal == word).map(|(_, meant)| *meant);
        if found.is_none() {
            let near = nearest(word, legal.iter().map(|(word, _)| *word));
            let near = near.map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
            self.fault(key, format!("is {value}"), format!("{near}legal here: {words}"));
        }
        found
    }

    /// A whole number. Without a default the key must be there.
    pub(super) fn whole(&mut self, key: &'static str, default: Option<u32>, legal: RangeInclusive<u32>) -> Option<u32> {
        let words = if legal.start() == legal.end() {
            legal.start().to_string()
        } else {
            format!("whole numbers from {} to {}", legal.start(), legal.end())
        };
        let Some(value) = self.take(key) else {
            if default.is_none() {
                self.missing(key, &words);
            }
            return default;
        };
        let number = value.as_integer().and_then(|n| u32::try_from(n).ok()).filter(|n| legal.contains(n));
        if number.is_none() {
            self.wrong(key, &value, &words);
        }
        number
    }

    /// A number with a default.
    pub(super) fn number(&mut self, key: &'static str, default: f32, legal: RangeInclusive<f32>) -> f32 {
        let Some(value) = self.take(key) else { return default };
        number(&value).filter(|n| legal.contains(n)).unwrap_or_else(|| {
            self.wrong(key, &value, &format!("numbers from {} to {}", legal.start(), legal.end()));
            default
        })
    }

    /// One number per channel, or one for all. Where it is not known how many channels there are, both 1 and 3 will do.
    pub(super) fn per_channel(
        &mut self,
        key: &'static str,
        default: f32,
        channels: Option<usize>,
        zero: bool,
    ) -> [f32; 3] {
        let Some(value) = self.take(key) else { return [default; 3] };
        let fits = |count: usize| channels.map_or(count == 1 || count == 3, |channels| count == channels);
        let list = match &value {
            Value::Array(list) => list.iter().map(number).collect::<Option<Vec<f32>>>(),
            other => number(other).map(|n| vec![n; channels.unwrap_or(3)]),
        };
        match list {
            Some(list) if fits(list.len()) && (zero || list.iter().all(|n| *n != 0.0)) => {
                std::array::from_fn(|k| list.get(k).copied().unwrap_or(default))
            }
            _ => {
                let zero = if zero { "" } else { ", none of them 0" };
                let count = channels.map_or("1 or 3".to_owned(), |channels| channels.to_string());
                self.wrong(key, &value, &format!("a number, or a list of {count}{zero}"));
                [default; 3]
            }
        }
    }

    /// A list of numbers, or the default.
    pub(super) fn numbers(&mut self, key: &'static str, default: &[f32]) -> Vec<f32> {
        let Some(value) = self.take(key) else { return default.to_vec() };
        let list = value.as_array().and_then(|list| list.iter().map(number).collect::<Option<Vec<f32>>>());
        list.filter(|list| !list.is_empty()).unwrap_or_else(|| {
            self.wrong(key, &value, "a list of numbers, such as [2, 6, 10, 14]");
            default.to_vec()
        })
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.take(key) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(key, &value, "true, false");
            default
        })
    }

    /// A table inside; `None` if there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Self> {
        match self.take(key)? {
            Value::Table(table) => Some(Self { path: self.key(key), table, known: Vec::new(), faults: Vec::new() }),
            other => {
                self.wrong(key, &other, &format!("a table, which begins with [{}]", self.key(key)));
                None
            }
        }
    }

    /// A table inside that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Self> {
        if !self.has(key) {
            let what = format!("a table, which begins with [{}]", self.key(key));
            self.known.push(key);
            self.missing(key, &what);
            return None;
        }
        self.section(key)
    }

    /// Drops keys that belong to a kind which is not known and cannot be judged.
    pub(super) fn forgive(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
        self.table.retain(|key, _| keys.iter().all(|forgiven| *forgiven != key));
    }

    /// Takes over the faults of a table inside, which ends here.
    pub(super) fn absorb(&mut self, inner: Self) {
        self.faults.extend(inner.finish());
    }

    /// All faults; what was never asked for is one.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        let unknown: Vec<String> = self.table.keys().cloned().collect();
        for key in unknown {
            let near = nearest(&key, self.known.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let legal = self.known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            self.fault(&key, "no such key", format!("{near}legal here: {legal}"));
        }
        self.faults
    }
}

fn number(value: &Value) -> Option<f32> {
    let number = match value {
        Value::Integer(n) => *n as f32,
        Value::Float(x) => *x as f32,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

//! A preset as text: whole and reloadable, its hash, and the table of `preset explain`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::fault::Origin;
use super::fold::leaves;
use super::load::Loaded;
use super::types::Preset;

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedKey {
    /// Key path.
    pub key: String,
    /// Value as TOML.
    pub value: String,
    /// Where it was said.
    pub origin: Origin,
}

impl Preset {
    /// The whole preset as TOML, every key said; loads to the same preset.
    pub fn to_toml(&self) -> String {
        let table = self.to_table();
        let mut text = String::new();
        for (key, value) in table.iter().filter(|(_, value)| !is_section(value)) {
            line(&mut text, key, value);
        }
        for (key, value) in table.iter().filter(|(_, value)| is_section(value)) {
            let (header, sections) = match value {
                Value::Array(items) => (format!("\n[[{key}]]\n"), items.iter().filter_map(Value::as_table).collect()),
                other => (format!("\n[{key}]\n"), other.as_table().into_iter().collect::<Vec<_>>()),
            };
            for section in sections {
                text.push_str(&header);
                section.iter().for_each(|(key, value)| line(&mut text, key, value));
            }
        }
        text
    }

    /// BLAKE3 of [`to_toml`](Self::to_toml), hexadecimal: equal for presets that say the same, however they were written.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_toml().as_bytes()).to_hex().to_string()
    }

    /// Reads a table that says every key; the error is the message alone.
    pub(crate) fn from_table(table: &Table) -> Result<Self, String> {
        Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| error.message().trim().to_owned())
    }

    /// As a table in the order of the reference, numbers as short as they can be said.
    #[expect(clippy::expect_used, reason = "a preset is numbers, words and lists of them, and TOML can say these")]
    pub(crate) fn to_table(&self) -> Table {
        let mut value = Value::try_from(self).expect("every preset can be said in TOML");
        shorten(&mut value);
        value.as_table().cloned().unwrap_or_default()
    }
}

fn is_section(value: &Value) -> bool {
    value.is_table() || value.as_array().is_some_and(|items| items.first().is_some_and(Value::is_table))
}

fn line(text: &mut String, key: &str, value: &Value) {
    text.extend([key, " = ", &value.to_string(), "\n"]);
}

/// Numbers are 32-bit inside: 0.6 and not 0.6000000238418579.
pub(crate) fn shorten(value: &mut Value) {
    match value {
        Value::Float(x) => *x = (*x as f32).to_string().parse().unwrap_or(*x),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| shorten(value)),
        _ => {}
    }
}

impl Loaded {
    /// Every key with its value and where it was said, in the order of the reference.
    pub fn explain(&self) -> Vec<ExplainedKey> {
        let origin =
            |key: &str, origins: &BTreeMap<String, Origin>| origins.get(key).cloned().unwrap_or(Origin::Default);
        leaves(&self.preset.to_table())
            .into_iter()
            .map(|(key, value)| ExplainedKey { origin: origin(&key, &self.origins), value: value.to_string(), key })
            .collect()
    }
}

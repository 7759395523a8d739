//! Layers of a preset folded key by key: defaults, parent, file, command line; later layers win.
//!
//! A value is replaced as a whole: `{ uniform = ... }` over `{ normal = ... }` leaves nothing of the latter, and a list
//! replaces a list.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::fault::{Fault, Origin};
use crate::near::nearest;

/// What one source says, before defaults: any subset of the keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartialPreset {
    pub(crate) origin: Origin,
    pub(crate) table: Table,
}

/// All layers in one, with the origin of every key path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folded {
    pub(crate) table: Table,
    pub(crate) origins: BTreeMap<String, Origin>,
    /// Unknown keys and sections that are no tables.
    pub(crate) faults: Vec<Fault>,
}

/// Key paths and values in order: sections and splits are opened, distributions and lists are values.
pub(crate) fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut leaves = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(section) => leaves.extend(section.iter().map(|(k, v)| (format!("{key}.{k}"), v))),
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_table) => {
                for (n, item) in items.iter().enumerate() {
                    let fields = item.as_table().into_iter().flatten();
                    leaves.extend(fields.map(|(k, v)| (format!("{key}.{n}.{k}"), v)));
                }
            }
            _ => leaves.push((key.clone(), value)),
        }
    }
    leaves
}

/// The value at a key path as [`leaves`] writes it.
pub(crate) fn value_at_mut<'a>(table: &'a mut Table, path: &str) -> Option<&'a mut Value> {
    let mut parts = path.split('.');
    let mut value = table.get_mut(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Table(table) => table.get_mut(part)?,
            Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

impl Folded {
    /// Folds layers, the weakest first, over the whole set of defaults.
    pub(crate) fn new(defaults: &Table, layers: &[PartialPreset]) -> Self {
        let origins = leaves(defaults).into_iter().map(|(key, _)| (key, Origin::Default)).collect();
        let mut folded = Self { table: defaults.clone(), origins, faults: Vec::new() };
        for layer in layers {
            for (key, value) in &layer.table {
                folded.put(&layer.origin, defaults, key, value);
            }
        }
        folded
    }

    fn put(&mut self, origin: &Origin, defaults: &Table, key: &str, value: &Value) {
        match (defaults.get(key), value) {
            (None, _) => self.unknown(origin, key, key, defaults),
            (Some(Value::Table(legal)), Value::Table(section)) => self.put_section(origin, key, legal, section),
            (Some(Value::Table(_)), other) => {
                let hint = format!("write its keys below [{key}]");
                self.fault(origin, key, format!("{other} is no section"), hint);
            }
            (Some(Value::Array(items)), Value::Array(new)) => {
                if let Some(Value::Table(legal)) = items.first() {
                    self.check_items(origin, key, legal, new);
                }
                self.replace(origin, key, value);
            }
            (Some(_), _) => self.replace(origin, key, value),
        }
    }

    fn put_section(&mut self, origin: &Origin, key: &str, legal: &Table, section: &Table) {
        for (name, value) in section {
            let path = format!("{key}.{name}");
            if !legal.contains_key(name) {
                self.unknown(origin, &path, name, legal);
                continue;
            }
            if let Some(Value::Table(mine)) = self.table.get_mut(key) {
                mine.insert(name.clone(), value.clone());
            }
            self.origins.insert(path, origin.clone());
        }
    }

    /// Items of a list of tables have the keys of the first default item, all of them.
    fn check_items(&mut self, origin: &Origin, key: &str, legal: &Table, items: &[Value]) {
        for (n, item) in items.iter().enumerate() {
            let Value::Table(item) = item else { continue };
            for name in item.keys().filter(|name| !legal.contains_key(*name)) {
                self.unknown(origin, &format!("{key}.{n}.{name}"), name, legal);
            }
            for name in legal.keys().filter(|name| !item.contains_key(*name)) {
                let hint = format!("each [[{key}]] says {}", listed(legal));
                self.fault(origin, &format!("{key}.{n}.{name}"), "is missing".to_owned(), hint);
            }
        }
    }

    fn replace(&mut self, origin: &Origin, key: &str, value: &Value) {
        let below = format!("{key}.");
        self.origins.retain(|path, _| path != key && !path.starts_with(&below));
        self.table.insert(key.to_owned(), value.clone());
        let one = Table::from_iter([(key.to_owned(), value.clone())]);
        self.origins.extend(leaves(&one).into_iter().map(|(path, _)| (path, origin.clone())));
    }

    /// Sets one key path from the command line; `split.0.count` reaches into a list.
    pub(crate) fn set(&mut self, defaults: &Table, path: &str, value: Value) {
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            [key] => self.put(&Origin::CommandLine, defaults, key, &value),
            [list, number, name] if defaults.get(*list).is_some_and(Value::is_array) => {
                self.set_in_item(list, number, name, value);
            }
            [section, key] => {
                let inner = Table::from_iter([((*key).to_owned(), value)]);
                self.put(&Origin::CommandLine, defaults, section, &Value::Table(inner));
            }
            [section, key, ..] if defaults.get(*section).is_some_and(|s| s.get(key).is_some()) => {
                let hint = format!("set the whole value, as in --set {section}.{key}='{{ uniform = [a, b] }}'");
                self.fault(&Origin::CommandLine, path, format!("lies inside the value of `{section}.{key}`"), hint);
            }
            _ => self.unknown(&Origin::CommandLine, path, path, defaults),
        }
    }

    fn set_in_item(&mut self, list: &str, number: &str, name: &str, value: Value) {
        let path = format!("{list}.{number}.{name}");
        if let Some(place) = value_at_mut(&mut self.table, &path) {
            *place = value;
            self.origins.insert(path, Origin::CommandLine);
            return;
        }
        let legal = leaves(&self.table).into_iter().filter(|(key, _)| key.starts_with(&format!("{list}.")));
        let hint = format!("legal here: {}", legal.map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>().join(", "));
        self.fault(&Origin::CommandLine, &path, "is an unknown key".to_owned(), hint);
    }

    fn unknown(&mut self, origin: &Origin, path: &str, name: &str, legal: &Table) {
        let hint = match nearest(name, legal.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? legal here: {}", listed(legal)),
            None => format!("legal here: {}", listed(legal)),
        };
        self.fault(origin, path, "is an unknown key".to_owned(), hint);
    }

    fn fault(&mut self, origin: &Origin, key: &str, what: String, hint: String) {
        self.faults.push(Fault { origin: origin.clone(), key: key.to_owned(), what, hint });
    }
}

/// Keys of a table as words: `a`, `b`, `c`.
fn listed(table: &Table) -> String {
    table.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

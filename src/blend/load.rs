//! From a file to a [`BlendPreset`] that holds no faults: structure by the schema of its types, numbers by the table of
//! their limits, then what keys say together. All faults are told at once.

use std::collections::BTreeSet;

use serde_json::Value as Schema;
use toml::{Table, Value};

use super::preset::{BlendPreset, Compose, Source};
use super::schema;
use crate::near::nearest;
use crate::preset::limits::{Limit, limit_of};
use crate::preset::{Distribution, Fault, Faults, Origin, Preset, PresetError, parse_override, shorten, value_faults};

const fn limit(key: &'static str, low: f64, high: f64, unit: &'static str) -> Limit {
    Limit { key, low, high, unit }
}

/// Every number but those of `[output]`, which are those of other presets.
pub(super) const LIMITS: &[Limit] = &[
    limit("seed", 0.0, i64::MAX as f64, ""),
    limit("count", 1.0, 1e9, "samples"),
    limit("split.share", 0.0, 1e9, ""),
    limit("source.share", 0.0, 1e9, ""),
    limit("source.count", 0.0, 1e9, "samples"),
    limit("source.filter.hands", 0.0, 100.0, "hands"),
    limit("source.filter.min_visible", 0.0, 21.0, "keypoints"),
    limit("source.filter.min_hand_px", 0.0, 1e5, "pixels"),
    limit("source.filter.distance_m", 0.0, 100.0, "metres"),
    limit("source.filter.subjects", 0.0, 4_294_967_295.0, ""),
    limit("compose.share", 0.0, 1e9, ""),
    limit("compose.count", 0.0, 1e9, "samples"),
    limit("compose.edge_px", 0.2, 20.0, "pixels"),
    limit("compose.scale", 0.1, 10.0, ""),
    limit("compose.shift", -1.0, 1.0, ""),
    limit("compose.max_hidden", 0.05, 1.0, ""),
    limit("compose.jpeg_quality", 1.0, 100.0, ""),
    limit("compose.harmonise.light", 0.0, 1.0, ""),
];

/// The limit of a key path, numbers of list items left out.
pub(super) fn limit_at(key: &str) -> Option<&'static Limit> {
    let plain: String = key.split('.').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join(".");
    LIMITS.iter().find(|limit| limit.key == plain).or_else(|| plain.starts_with("output.").then(|| limit_of(&plain))?)
}

/// Loads a blend preset from a file; `sets` are `KEY=VALUE`, and reach into lists by number or name, as in
/// `source.captured.share=0.3`.
pub fn load(path: &str, sets: &[String]) -> Result<BlendPreset, PresetError> {
    let text = std::fs::read_to_string(path).map_err(|source| PresetError::Read { file: path.into(), source })?;
    load_text(path, &text, sets)
}

/// Loads a blend preset from text, as [`load`] would from a file of that name.
pub fn load_text(name: &str, text: &str, sets: &[String]) -> Result<BlendPreset, PresetError> {
    let mut table: Table = text.parse().map_err(|source| PresetError::Syntax { name: name.to_owned(), source })?;
    let schema = schema::schema();
    let mut check = Check { schema: &schema, file: name, set: Vec::new(), faults: Vec::new() };
    for text in sets {
        let (key, value) = parse_override(text)?;
        check.put(&mut table, key, value);
    }
    check.object("", &schema, &table);
    if check.faults.is_empty() {
        fill_output(&mut table);
        match Value::Table(table).try_into::<BlendPreset>() {
            Ok(preset) => {
                check.together(&preset);
                if check.faults.is_empty() {
                    return Ok(preset);
                }
            }
            // the schema knows all that can be wrong with types; what it does not know is told as it is
            Err(error) => check.fault("", error.message().trim().to_owned(), String::new()),
        }
    }
    Err(PresetError::Faults(Faults(check.faults)))
}

/// What `[output]` leaves out is as in other presets.
fn fill_output(table: &mut Table) {
    let defaults = Preset::default().to_table();
    let output = table.entry("output").or_insert_with(|| Value::Table(Table::new()));
    if let (Some(output), Some(Value::Table(defaults))) = (output.as_table_mut(), defaults.get("output")) {
        for (key, value) in defaults.iter().filter(|(key, _)| !output.contains_key(*key)).collect::<Vec<_>>() {
            output.insert(key.clone(), value.clone());
        }
    }
}

impl BlendPreset {
    /// The whole preset as TOML; loads to the same preset.
    pub fn to_toml(&self) -> String {
        let Ok(mut value) = Value::try_from(self) else { return String::new() };
        shorten(&mut value);
        toml::to_string(&value).unwrap_or_default()
    }

    /// BLAKE3 of [`to_toml`](Self::to_toml), hexadecimal.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_toml().as_bytes()).to_hex().to_string()
    }
}

/// Collects what is wrong.
struct Check<'a> {
    schema: &'a Schema,
    file: &'a str,
    /// Key paths that the command line set.
    set: Vec<String>,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, key: &str, what: String, hint: String) {
        let by_command_line = self.set.iter().any(|set| key == set || key.starts_with(&format!("{set}.")));
        let origin = if by_command_line { Origin::CommandLine } else { Origin::File(self.file.to_owned()) };
        self.faults.push(Fault { origin, key: key.to_owned(), what, hint });
    }

    /// Sets one key path.
    fn put(&mut self, table: &mut Table, key: &str, value: Value) {
        let parts: Vec<&str> = key.split('.').collect();
        let mut place = Value::Table(std::mem::take(table));
        if let Some(path) = put_at(&mut place, &parts, value) {
            self.set.push(path.join("."));
        } else {
            self.set.push(key.to_owned());
            let hint = "name a key of the preset; items of lists by number or name, as in `source.captured.share`";
            self.fault(key, "is an unknown key".to_owned(), hint.to_owned());
        }
        if let Value::Table(inner) = place {
            *table = inner;
        }
    }

    /// What a schema points to, and through what may be left out.
    fn resolved<'s>(&'s self, schema: &'s Schema) -> &'s Schema {
        let inner = schema["anyOf"].as_array().and_then(|any| any.iter().find(|s| s["type"] != "null"));
        let schema = inner.unwrap_or(schema);
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        name.map_or(schema, |name| &self.schema["$defs"][name])
    }

    fn value(&mut self, key: &str, schema: &Schema, value: &Value) {
        if schema["$ref"] == "#/$defs/Distribution" {
            return self.distribution(key, value);
        }
        let schema = self.resolved(schema).clone();
        if let Some(names) = names_of(&schema) {
            return self.name(key, &names, value);
        }
        match (type_of(&schema), value) {
            ("object", Value::Table(table)) => self.object(key, &schema, table),
            ("array", Value::Array(items)) => self.array(key, &schema, items),
            ("integer", Value::Integer(_)) | ("number", Value::Integer(_) | Value::Float(_)) => {
                self.distribution(key, value);
            }
            ("string", Value::String(_)) | ("boolean", Value::Boolean(_)) => {}
            (wanted, _) => {
                let hint = limit_at(key).map_or_else(String::new, |limit| format!("legal numbers are {limit}"));
                self.fault(key, format!("{value} is no {}", type_word(wanted)), hint);
            }
        }
    }

    fn object(&mut self, key: &str, schema: &Schema, table: &Table) {
        let legal: Vec<&str> =
            schema["properties"].as_object().into_iter().flatten().map(|(k, _)| k.as_str()).collect();
        let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
        for (name, value) in table {
            if legal.contains(&name.as_str()) {
                self.value(&below(name), &schema["properties"][name], value);
            } else {
                let near = nearest(name, legal.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                let hint = format!("{}legal here: {}", near.unwrap_or_default(), listed(&legal));
                self.fault(&below(name), "is an unknown key".to_owned(), hint);
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str) {
            if !table.contains_key(name) {
                let words = schema["properties"][name]["description"].as_str().unwrap_or_default().to_owned();
                self.fault(&below(name), "is missing".to_owned(), words);
            }
        }
    }

    fn array(&mut self, key: &str, schema: &Schema, items: &[Value]) {
        let count = items.len() as u64;
        if let Some(wanted) = schema["minItems"].as_u64().filter(|n| *n != count) {
            return self.fault(key, format!("has {count} values"), format!("write {wanted} values"));
        }
        for (n, item) in items.iter().enumerate() {
            self.value(&format!("{key}.{n}"), &schema["items"], item);
        }
        if let [a, b] = items
            && schema["minItems"] == 2
            && let (Some(a), Some(b)) = (number(a), number(b))
            && a > b
        {
            self.fault(key, format!("low {a} is above high {b}"), "write the smaller number first".to_owned());
        }
    }

    fn name(&mut self, key: &str, names: &[String], value: &Value) {
        if value.as_str().is_some_and(|name| names.iter().any(|legal| legal == name)) {
            return;
        }
        let legal: Vec<&str> = names.iter().map(String::as_str).collect();
        let near = nearest(value.as_str().unwrap_or_default(), legal.iter().copied());
        let near = near.map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
        self.fault(key, format!("{value} is not one of its values"), format!("{near}legal: {}", listed(&legal)));
    }

    /// A plain number is a distribution too.
    fn distribution(&mut self, key: &str, value: &Value) {
        let limit = limit_at(key);
        if let Err(error) = value.clone().try_into::<Distribution>() {
            let hint = limit.map_or_else(String::new, |limit| format!("legal numbers are {limit}"));
            return self.fault(key, format!("{}, and this is {value}", error.message().trim()), hint);
        }
        for (below, what, hint) in value_faults(limit, value) {
            let dot = if below.is_empty() { "" } else { "." };
            self.fault(&format!("{key}{dot}{below}"), what, hint);
        }
    }

    /// What keys say together.
    fn together(&mut self, preset: &BlendPreset) {
        self.unique("split", preset.split.iter().map(|s| s.name.as_str()));
        let names = preset.source.iter().map(|s| s.name.as_str()).chain(preset.compose.iter().map(|c| c.name.as_str()));
        self.unique("source", names);
        if preset.split.iter().all(|split| split.share <= 0.0) {
            self.fault("split", "no split has a share above 0".to_owned(), "add a [[split]] with a name".to_owned());
        }
        for (n, Source { share, count, .. }) in preset.source.iter().enumerate() {
            if share.is_some() && count.is_some() {
                let hint = "say one of both: a share of the whole, or a number of samples".to_owned();
                self.fault(&format!("source.{n}.count"), "stands beside `share`".to_owned(), hint);
            }
        }
        for (n, compose) in preset.compose.iter().enumerate() {
            self.compose(n, compose, preset);
        }
        let amounts = preset.source.iter().map(|s| (s.share, s.count));
        let mut amounts = amounts.chain(preset.compose.iter().map(|c| (c.share, c.count)));
        if amounts.all(|(share, count)| share.unwrap_or(0.0) <= 0.0 && count.unwrap_or(0) == 0) {
            let hint = "give at least one [[source]] or [[compose]] a `share` or a `count` above 0".to_owned();
            self.fault("source", "nothing says how many samples there are to be".to_owned(), hint);
        }
    }

    fn compose(&mut self, n: usize, compose: &Compose, preset: &BlendPreset) {
        if compose.share.is_some() == compose.count.is_some() {
            let what = if compose.share.is_some() { "stands beside `share`" } else { "is missing, and so is `share`" };
            let hint = "say one of both: a share of the whole, or a number of samples".to_owned();
            self.fault(&format!("compose.{n}.count"), what.to_owned(), hint);
        }
        let known: Vec<&str> = preset.source.iter().map(|s| s.name.as_str()).collect();
        for (key, name) in [("foreground", &compose.foreground), ("background", &compose.background)] {
            if preset.source_index(name).is_none() {
                let near = nearest(name, known.iter().copied()).map(|near| format!("did you mean \"{near}\"? "));
                let hint = format!("{}sources: {}", near.unwrap_or_default(), listed(&known));
                self.fault(&format!("compose.{n}.{key}"), format!("\"{name}\" is no source"), hint);
            }
        }
    }

    fn unique<'n>(&mut self, list: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if name.is_empty() || !seen.insert(name) {
                let hint =
                    "every split has a name of its own, and so have all sources and composed pictures".to_owned();
                self.fault(list, format!("\"{name}\" is a name that is empty or said twice"), hint);
            }
        }
    }
}

/// Puts a value at a path, and says the path with the numbers of list items; `None` if there is no such place.
fn put_at(place: &mut Value, path: &[&str], value: Value) -> Option<Vec<String>> {
    let Some((part, rest)) = path.split_first() else {
        *place = value;
        return Some(Vec::new());
    };
    let (said, inner) = match place {
        Value::Array(items) => {
            let named = |item: &Value| item.get("name").and_then(Value::as_str) == Some(part);
            let number = part.parse().ok().or_else(|| items.iter().position(named))?;
            (number.to_string(), items.get_mut(number)?)
        }
        Value::Table(inner) => ((*part).to_owned(), inner.entry(*part).or_insert_with(|| Value::Table(Table::new()))),
        _ => return None,
    };
    let mut below = put_at(inner, rest, value)?;
    below.insert(0, said);
    Some(below)
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|n| n as f64))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Type in the words of JSON schema; of what may be left out, the type it has if it is said.
fn type_of(schema: &Schema) -> &str {
    let listed =
        schema["type"].as_array().and_then(|types| types.iter().filter_map(Schema::as_str).find(|t| *t != "null"));
    listed.or(schema["type"].as_str()).unwrap_or("object")
}

fn type_word(wanted: &str) -> &str {
    match wanted {
        "object" => "table",
        "array" => "list",
        "integer" => "whole number",
        "string" => "text in quotes",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

/// Legal names, if a schema lists names.
fn names_of(schema: &Schema) -> Option<Vec<String>> {
    let plain =
        schema["enum"].as_array().map(|names| names.iter().filter_map(Schema::as_str).map(str::to_owned).collect());
    let described = || {
        let options = schema["oneOf"].as_array()?;
        let names = options.iter().map(|o| match o["const"].as_str() {
            Some(name) => vec![name.to_owned()],
            None => names_of(o).unwrap_or_default(),
        });
        Some(names.flatten().collect())
    };
    plain.or_else(described)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::preset::{ComposeKind, Need, Unit};

    const WHOLE: &str = r#"
        description = "half and half"
        count = 100
        [[split]]
        name = "train"
        share = 0.8
        [[split]]
        name = "test"
        share = 0.2
        from = ["test"]
        [[source]]
        name = "rendered"
        path = "out/a"
        share = 0.5
        [[source]]
        name = "captured"
        path = "out/b"
        share = 0.5
        splits = ["train"]
        filter = { side = "right", hands = [1, 1], min_visible = 10, needs = ["depth", "keypoints_3d"] }
        [[compose]]
        name = "pasted"
        kind = "hand_on_background"
        foreground = "rendered"
        background = "captured"
        share = 0.25
        edge_px = { uniform = [0.8, 1.2] }
        harmonise = { light = 0.7 }
        [output]
        format = "tar"
    "#;

    #[test]
    fn a_whole_preset_is_read_and_written_again() {
        let preset = load_text("a.toml", WHOLE, &[]).unwrap();
        assert_eq!(preset.keep_apart, [Unit::Subject, Unit::Clip]);
        assert_eq!(preset.source[1].filter.needs, [Need::Depth, Need::Keypoints3d]);
        assert_eq!(preset.compose[0].kind, ComposeKind::HandOnBackground);
        assert!(preset.compose[0].harmonise.sharpness && preset.output.grey);
        assert_eq!(load_text("b.toml", &preset.to_toml(), &[]).unwrap(), preset);
        assert!(preset.to_toml().contains("0.8,"), "{}", preset.to_toml());
    }

    #[test]
    fn the_committed_presets_hold_no_faults_and_the_reference_says_every_key() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/blend");
        for name in ["mix", "hand-on-background", "occluded", "reference"] {
            load(&format!("{folder}/{name}.toml"), &[]).unwrap();
        }
        let reference = std::fs::read_to_string(format!("{folder}/reference.toml")).unwrap();
        let schema = schema::schema();
        for place in ["BlendPreset", "Split", "Source", "Filter", "Compose", "Harmonise", "Output"] {
            let object = if place == "BlendPreset" { &schema } else { &schema["$defs"][place] };
            for key in object["properties"].as_object().unwrap().keys() {
                let said = ["\n{} = ", "[[{}]]", "[{}]", ".{}]", "\n# {} = "]
                    .iter()
                    .any(|form| reference.contains(&form.replace("{}", key)));
                assert!(said, "`{key}` of {place} is not in reference.toml");
            }
        }
    }

    #[test]
    fn keys_are_set_by_number_and_name() {
        let sets = ["seed=4", "source.captured.share=0.25", "split.1.share=0.5", "compose.pasted.harmonise.light=0.1"];
        let preset = load_text("a.toml", WHOLE, &sets.map(str::to_owned)).unwrap();
        assert_eq!((preset.seed, preset.source[1].share, preset.split[1].share), (4, Some(0.25), 0.5));
        assert_eq!(preset.compose[0].harmonise.light, Distribution::Constant(0.1));
        let said = load_text("a.toml", WHOLE, &["source.nobody.share=1".to_owned()]).unwrap_err().to_string();
        assert!(said.contains("command line: `source.nobody.share`: is an unknown key"), "{said}");
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let bad = WHOLE
            .replace("side = \"right\"", "sid = \"right\"")
            .replace("min_visible = 10", "min_visible = 22")
            .replace("hands = [1, 1]", "hands = [2, 1]")
            .replace("\"depth\"", "\"dept\"")
            .replace("kind = \"hand_on_background\"", "kind = \"hand_on_backgroud\"")
            .replace("[0.8, 1.2]", "[0.8, 100]")
            .replace("path = \"out/a\"", "")
            .replace("splits = [\"train\"]", "splits = \"train\"");
        let said = load_text("a.toml", &bad, &[]).unwrap_err().to_string();
        for words in [
            "8 faults",
            "a.toml: `source.1.filter.sid`: is an unknown key\n\nhint: did you mean `side`?",
            "`source.1.filter.min_visible`: 22 is outside 0 to 21 (keypoints)",
            "`source.1.filter.hands`: low 2 is above high 1",
            "`source.1.filter.needs.0`: \"dept\" is not one of its values\n\nhint: did you mean \"depth\"?",
            "`compose.0.kind`: \"hand_on_backgroud\" is not one of its values\n\nhint: did you mean \"hand_on_background\"?",
            "`compose.0.edge_px.uniform`: 100 is outside 0.2 to 20 (pixels)",
            "`source.0.path`: is missing\n\nhint: Folder of the dataset",
            "`source.1.splits`: \"train\" is no list",
        ] {
            assert!(said.contains(words), "misses `{words}` in:\n{said}");
        }
    }

    #[test]
    fn what_keys_say_together_is_judged() {
        let bad = WHOLE
            .replace("name = \"captured\"", "name = \"rendered\"")
            .replace("name = \"pasted\"", "name = \"pasted\"\n        count = 5");
        let said = load_text("a.toml", &bad, &[]).unwrap_err().to_string();
        for words in
            ["said twice", "`compose.0.background`: \"captured\" is no source", "`compose.0.count`: stands beside"]
        {
            assert!(said.contains(words), "misses `{words}` in:\n{said}");
        }
        let none = "[[source]]\nname = \"a\"\npath = \"b\"";
        let said = load_text("a.toml", none, &[]).unwrap_err().to_string();
        assert!(said.contains("nothing says how many samples"), "{said}");
    }
}

//! JSON schema of preset files, for editors: the types' own, with legal ranges and defaults added.

use serde_json::{Value, json};
use toml::Table;

use super::fold::leaves;
use super::limits::limit_of;
use super::types::Preset;

/// The schema of preset files. In a file every key may be left out, and `extends` may be said.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Preset).to_value();
    schema["title"] = json!("Handloom preset");
    schema["properties"]["extends"] = json!({
        "type": "string",
        "description": "A preset to start from, beside this file (`other.toml`) or built in (`quickstart`). It may not extend another itself."
    });
    forget_required(&mut schema);
    let defaults = Preset::default().to_table();
    for (key, value) in leaves(&defaults) {
        if let Some(property) = property(&mut schema, &defaults, &key) {
            describe(property, &key, value);
        }
    }
    schema
}

/// The schema as it stands in `presets/preset.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// A file may leave out every key of the preset and of its sections.
fn forget_required(schema: &mut Value) {
    let sections: Vec<String> = Preset::default()
        .to_table()
        .iter()
        .filter(|(_, value)| value.is_table())
        .filter_map(|(key, _)| reference(&schema["properties"][key]))
        .collect();
    for name in sections {
        if let Some(section) = schema["$defs"][&name].as_object_mut() {
            section.remove("required");
        }
    }
    if let Some(root) = schema.as_object_mut() {
        root.remove("required");
    }
}

/// Name of the definition that a property points to.
fn reference(property: &Value) -> Option<String> {
    let path = property["$ref"].as_str().or_else(|| property["items"]["$ref"].as_str())?;
    path.rsplit('/').next().map(str::to_owned)
}

/// The schema of one key path.
fn property<'a>(schema: &'a mut Value, defaults: &Table, key: &str) -> Option<&'a mut Value> {
    let (section, name) = match key.split_once('.') {
        None => return schema["properties"].get_mut(key),
        Some((section, rest)) => (section, rest.rsplit('.').next()?),
    };
    debug_assert!(defaults.contains_key(section), "{key} is a key of the defaults");
    let definition = reference(&schema["properties"][section])?;
    schema["$defs"][&definition]["properties"].get_mut(name)
}

/// Adds range and default to the words of the types.
fn describe(property: &mut Value, key: &str, default: &toml::Value) {
    let mut words = vec![property["description"].as_str().unwrap_or_default().to_owned()];
    if let Some(limit) = limit_of(key) {
        words.push(format!("Legal: {limit}."));
        if property["type"].is_string() {
            property["minimum"] = json!(limit.low);
            property["maximum"] = json!(limit.high);
        }
    }
    // keys of a split have no defaults
    if !key.starts_with("split.") {
        words.push(format!("Default: `{default}`."));
        property["default"] = serde_json::to_value(default).unwrap_or_default();
    }
    property["description"] = json!(words.join(" "));
}

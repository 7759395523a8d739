//! JSON schema of blend presets, for editors and for loading them.

use serde_json::{Value, json};

use super::load::limit_at;
use super::preset::BlendPreset;

/// The schema: the types' own with the limits of numbers in words.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(BlendPreset).to_value();
    schema["title"] = json!("Handloom blend preset");
    // what `[output]` leaves out is as in other presets
    if let Some(output) = schema["$defs"]["Output"].as_object_mut() {
        output.remove("required");
    }
    for (place, key) in [
        ("", ""),
        ("Split", "split."),
        ("Source", "source."),
        ("Filter", "source.filter."),
        ("Compose", "compose."),
        ("Harmonise", "compose.harmonise."),
        ("Output", "output."),
    ] {
        let object = if place.is_empty() { &mut schema } else { &mut schema["$defs"][place] };
        for (name, property) in object["properties"].as_object_mut().into_iter().flatten() {
            if let Some(limit) = limit_at(&format!("{key}{name}")) {
                let words = property["description"].as_str().unwrap_or_default();
                property["description"] = json!(format!("{words} Legal: {limit}."));
            }
        }
    }
    schema
}

/// The schema as it stands in `presets/blend/blend.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/blend/blend.schema.json");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, schema_text()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == schema_text(), "run `BLESS=1 cargo test --lib blend` and look at what changed");
    }
}

//! What may happen: presets, their folding, validation, schema and explanation.

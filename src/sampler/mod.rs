//! (Preset, sample id) to Scene, one file per thing sampled.

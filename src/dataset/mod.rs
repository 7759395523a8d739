//! Writes and reads datasets: formats, shards, manifest.

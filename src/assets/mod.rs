//! Loads and caches rigs and background textures; the only cache.

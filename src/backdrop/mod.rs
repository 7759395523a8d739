//! The picture behind the hands and the light it throws on them.

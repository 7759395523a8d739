//! Reads foreign files into our types, validating on entry.

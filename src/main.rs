//! The `handloom` command.

fn main() {}

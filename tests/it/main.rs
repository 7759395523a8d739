//! Integration tests, one target.

mod tidy;

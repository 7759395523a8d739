//! Integration tests, one target.

mod render;
mod synthetic;

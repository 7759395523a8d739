//! Runs samples in parallel and collects failures.

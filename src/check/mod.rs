//! Validates a written dataset.

//! Contact sheet and HTML report of a written dataset.

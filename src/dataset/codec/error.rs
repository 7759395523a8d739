//! Why bytes are not the values they should be.

/// Why a file of labels could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes contradict the format.
    #[error("not a readable {format} file: {fault} (byte {at})")]
    Damaged {
        /// Name of the format.
        format: &'static str,
        /// Where reading stopped, bytes from the start (of the uncompressed part, where compressed).
        at: u64,
        /// What is wrong there.
        fault: String,
    },
    /// The format allows it, this program does not read it.
    #[error("the {format} file holds {what}, which this program does not read")]
    Unsupported {
        /// Name of the format.
        format: &'static str,
        /// What it holds.
        what: String,
    },
}

impl CodecError {
    /// Of the given format, holding the given thing.
    pub(super) fn unsupported(format: &'static str, what: impl Into<String>) -> Self {
        Self::Unsupported { format, what: what.into() }
    }
}

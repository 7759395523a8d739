//! Why the device did not draw.

/// Fault of an adapter or of what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// Nothing to draw with.
    #[error(
        "no graphics adapter{} was found; there are: {}\n\
         hint: {}, or use `--backend cpu`",
        wanted.as_ref().map_or(String::new(), |w| format!(" named like `{w}` (HANDLOOM_ADAPTER)")),
        if found.is_empty() { "none".to_owned() } else { found.join(", ") },
        if found.is_empty() {
            "install a driver with Vulkan, Metal or DX12 (in software: Debian's mesa-vulkan-drivers)"
        } else {
            "set HANDLOOM_ADAPTER to a part of a name above, or unset it"
        }
    )]
    NoAdapter {
        /// Part of a name that was asked for.
        wanted: Option<String>,
        /// Names of all adapters.
        found: Vec<String>,
    },
    /// The adapter cannot do what drawing takes.
    #[error(
        "{adapter} has {found} {what}, drawing takes {needed}\nhint: pick another adapter with HANDLOOM_ADAPTER, or use `--backend cpu`"
    )]
    Limit {
        /// Name of the adapter.
        adapter: String,
        /// What there is too little of.
        what: &'static str,
        /// How much there is.
        found: u32,
        /// How much is needed.
        needed: u32,
    },
    /// The adapter is there, but could not be opened.
    #[error(
        "{adapter} could not be opened: {cause}\nhint: pick another adapter with HANDLOOM_ADAPTER, or use `--backend cpu`"
    )]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// Its words.
        cause: String,
    },
    /// One picture is larger than the adapter can hold, even in bands.
    #[error(
        "one picture takes a buffer of {bytes} bytes, the adapter has {most}\nhint: use `--backend cpu` for it, or simpler scenes"
    )]
    TooLarge {
        /// Bytes asked for.
        bytes: u64,
        /// Largest size.
        most: u64,
    },
    /// No memory is left on the device, even for one picture.
    #[error(
        "no memory is left on the graphics adapter for {what}\nhint: end other programs that use it, or use `--backend cpu`"
    )]
    OutOfMemory {
        /// What there was no room for.
        what: &'static str,
    },
    /// The device went away, again after it had been opened anew.
    #[error(
        "{adapter} was lost: {reason}\nhint: run again with `--resume`; if it stays so, use `--backend cpu` from the start"
    )]
    Lost {
        /// Name of the adapter.
        adapter: String,
        /// Its words.
        reason: String,
    },
    /// The adapter of a lost device cannot be opened again; another one would draw otherwise.
    #[error(
        "{adapter} was lost ({reason}) and cannot be opened again\nhint: run again with `--resume` once it is back; `--backend cpu` works everywhere"
    )]
    Gone {
        /// Name of the adapter.
        adapter: String,
        /// Why it was lost.
        reason: String,
    },
    /// The adapter does not answer.
    #[error(
        "{adapter} has not answered for {seconds} seconds\nhint: run again with `--resume` and a smaller `--batch`, or use `--backend cpu`"
    )]
    Hung {
        /// Name of the adapter.
        adapter: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The device refused what was asked: a fault of this program or of the driver.
    #[error("the graphics adapter refused {what}: {cause}\nhint: please report this; `--backend cpu` works everywhere")]
    Fault {
        /// Step that failed.
        what: &'static str,
        /// Its words.
        cause: String,
    },
}

impl GpuError {
    /// True if fewer pictures at once may do: a device can also be lost over too much work.
    pub(super) fn wants_fewer(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::OutOfMemory { .. } | Self::Lost { .. })
    }

    /// True if it is the fault of one picture, and others can be drawn.
    pub fn is_of_one_picture(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }
}

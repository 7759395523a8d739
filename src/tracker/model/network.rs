//! A network as the tracker sees it: named tensors in, named tensors out, whatever runs it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::error::ModelError;

/// What runs networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runtime {
    /// `rten`: pure Rust, always there.
    #[default]
    Rten,
    /// The onnxruntime library that the user has; needs the feature `ort`.
    Ort,
}

/// How networks are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSettings {
    /// What runs them.
    pub runtime: Runtime,
    /// Threads of one network, at least 1.
    pub threads: usize,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { runtime: Runtime::default(), threads: 1 }
    }
}

/// Numbers in a grid, the last axis runs fastest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    /// Length of each axis.
    pub(super) shape: Vec<usize>,
    /// Their product many numbers.
    pub(super) data: Vec<f32>,
}

/// Length of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// The network is made for it.
    Fixed(usize),
    /// Any; the network's name for it.
    Free(String),
}

/// What the numbers of a tensor are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// Single precision.
    F32,
    /// Bytes: pictures from 0 to 255.
    U8,
    /// Anything else.
    Other(String),
}

/// An input or output of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// What its numbers are.
    pub element: Element,
    /// Its axes; `None` if the file does not say.
    pub shape: Option<Vec<Dim>>,
}

/// All inputs and outputs of a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// In the network's order.
    pub inputs: Vec<TensorInfo>,
    /// In the network's order.
    pub outputs: Vec<TensorInfo>,
}

/// A network that can be run.
pub(super) trait Network: Send + Sync {
    /// Its inputs and outputs.
    fn signature(&self) -> &Signature;

    /// Its outputs, in the signature's order, for inputs in the signature's order. Inputs of bytes are given as 0 to 255.
    ///
    /// # Errors
    /// The runtime's words.
    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String>;
}

/// Loads the network of an ONNX file.
///
/// # Errors
/// The file cannot be read, is no ONNX file, or uses what the runtime does not have.
pub(super) fn load(file: &Path, settings: &RunSettings) -> Result<Box<dyn Network>, ModelError> {
    super::weights_file::check(file)?;
    let runtime = match settings.runtime {
        Runtime::Rten => "rten",
        Runtime::Ort => "onnxruntime",
    };
    let load = |what: String| ModelError::Load { file: file.to_owned(), runtime, what };
    let network = contained(|| match settings.runtime {
        Runtime::Rten => super::rten_network::load(file, settings.threads).map_err(load),
        Runtime::Ort => ort(file, settings.threads),
    })
    .map_err(load)??;
    if network.signature().inputs.is_empty() || network.signature().outputs.is_empty() {
        return Err(load("it has no inputs or no outputs".to_owned()));
    }
    Ok(network)
}

#[cfg(feature = "ort")]
fn ort(file: &Path, threads: usize) -> Result<Box<dyn Network>, ModelError> {
    super::ort_network::load(file, threads)
}

#[cfg(not(feature = "ort"))]
fn ort(_: &Path, _: usize) -> Result<Box<dyn Network>, ModelError> {
    Err(ModelError::Runtime {
        runtime: "onnxruntime",
        what: "this program was built without it".to_owned(),
        hint: "build with `--features ort`, or use the runtime `rten`",
    })
}

/// Runs foreign code on foreign data; a panic becomes an error.
pub(super) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        format!("it stopped on what it found: {text}")
    })
}

impl Tensor {
    /// Checks that there are as many numbers as the shape says.
    pub(super) fn new(shape: Vec<usize>, data: Vec<f32>) -> Option<Self> {
        let count = shape.iter().try_fold(1_usize, |product, n| product.checked_mul(*n))?;
        (count == data.len()).then_some(Self { shape, data })
    }
}

impl fmt::Display for TensorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = match &self.element {
            Element::F32 => "f32",
            Element::U8 => "u8",
            Element::Other(name) => name,
        };
        let axes = self.shape.as_ref().map(|axes| axes.iter().map(Dim::to_string).collect::<Vec<_>>().join(", "));
        write!(f, "`{}` {element} [{}]", self.name, axes.as_deref().unwrap_or("unknown"))
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => write!(f, "{n}"),
            Self::Free(name) if name.is_empty() => f.write_str("any"),
            Self::Free(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |infos: &[TensorInfo]| infos.iter().map(|i| format!("\n    {i}")).collect::<String>();
        write!(f, "  inputs:{}\n  outputs:{}", lines(&self.inputs), lines(&self.outputs))
    }
}

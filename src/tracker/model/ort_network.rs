//! Networks run by the onnxruntime library that the user has: `ORT_DYLIB_PATH`, else the system's.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, TensorElementType, TensorRef, ValueType};

use super::error::ModelError;
use super::network::{Dim, Element, Network, Signature, Tensor, TensorInfo, contained};

struct OrtNetwork {
    /// One run at a time.
    session: Mutex<Session>,
    signature: Signature,
}

/// The library, loaded once.
fn environment() -> Result<&'static Environment, ModelError> {
    static LOADED: OnceLock<Result<Environment, String>> = OnceLock::new();
    let load = || {
        let named = std::env::var_os("ORT_DYLIB_PATH").filter(|name| !name.is_empty()).map(PathBuf::from);
        let system = || format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX).into();
        let library = named.unwrap_or_else(system);
        let load = || {
            let builder = ort::init_from(&library).map_err(|error| error.to_string())?;
            builder.with_name("handloom").with_telemetry(false).build().map_err(|error| error.to_string())
        };
        contained(load).and_then(|loaded| loaded)
    };
    LOADED.get_or_init(load).as_ref().map_err(|what| ModelError::Runtime {
        runtime: "onnxruntime",
        what: what.clone(),
        hint: "`pip install onnxruntime` brings the library (onnxruntime/capi/libonnxruntime.so.*, 1.17 or later): name it \
               in the environment variable ORT_DYLIB_PATH, or use the runtime `rten`",
    })
}

/// Loads an ONNX file.
pub(super) fn load(file: &Path, threads: usize) -> Result<Box<dyn Network>, ModelError> {
    let environment = environment()?;
    let refused = |what: String| ModelError::Load { file: file.to_owned(), runtime: "onnxruntime", what };
    let session = || -> Result<Session, String> {
        let builder = Session::builder(environment).map_err(|error| error.to_string())?;
        let mut builder = builder.with_intra_threads(threads.max(1)).map_err(|error| error.to_string())?;
        builder.commit_from_file(file).map_err(|error| error.to_string())
    };
    let session = contained(session).and_then(|session| session).map_err(refused)?;
    let infos = |outlets: &[Outlet]| outlets.iter().map(info).collect();
    let signature = Signature { inputs: infos(session.inputs()), outputs: infos(session.outputs()) };
    Ok(Box::new(OrtNetwork { session: Mutex::new(session), signature }))
}

fn info(outlet: &Outlet) -> TensorInfo {
    let name = outlet.name().to_owned();
    let ValueType::Tensor { ty, shape, dimension_symbols } = outlet.dtype() else {
        return TensorInfo { name, element: Element::Other(outlet.dtype().to_string()), shape: None };
    };
    let element = match ty {
        TensorElementType::Float32 => Element::F32,
        TensorElementType::Uint8 => Element::U8,
        other => Element::Other(other.to_string()),
    };
    let dim = |(n, symbol): (&i64, &String)| usize::try_from(*n).map_or_else(|_| Dim::Free(symbol.clone()), Dim::Fixed);
    TensorInfo { name, element, shape: Some(shape.iter().zip(dimension_symbols.iter()).map(dim).collect()) }
}

impl Network for OrtNetwork {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        let bytes: Vec<Vec<u8>> = inputs.iter().zip(&self.signature.inputs).map(|(t, i)| as_bytes(t, i)).collect();
        let mut values: Vec<SessionInputValue> = Vec::new();
        for ((tensor, info), bytes) in inputs.iter().zip(&self.signature.inputs).zip(&bytes) {
            let shape = tensor.shape.clone();
            let value: SessionInputValue = if info.element == Element::U8 {
                TensorRef::from_array_view((shape, bytes.as_slice())).map_err(|error| error.to_string())?.into()
            } else {
                TensorRef::from_array_view((shape, tensor.data.as_slice())).map_err(|error| error.to_string())?.into()
            };
            values.push(value);
        }
        let mut session = self.session.lock().map_err(|_| "an earlier run failed".to_owned())?;
        let outputs = session.run(values.as_slice()).map_err(|error| error.to_string())?;
        outputs.values().map(|value| plain(&value)).collect()
    }
}

/// Numbers of an input of bytes; nothing of another input.
fn as_bytes(tensor: &Tensor, info: &TensorInfo) -> Vec<u8> {
    if info.element == Element::U8 { tensor.data.iter().map(|x| x.round() as u8).collect() } else { Vec::new() }
}

/// Numbers of a value, as f32.
fn plain(value: &DynValue) -> Result<Tensor, String> {
    let numbers = value
        .try_extract_tensor::<f32>()
        .map(|(shape, data)| (shape, data.to_vec()))
        .or_else(|_| value.try_extract_tensor::<i64>().map(|(s, d)| (s, d.iter().map(|x| *x as f32).collect())))
        .or_else(|_| value.try_extract_tensor::<i32>().map(|(s, d)| (s, d.iter().map(|x| *x as f32).collect())))
        .or_else(|_| value.try_extract_tensor::<u8>().map(|(s, d)| (s, d.iter().map(|x| f32::from(*x)).collect())));
    let (shape, data) = numbers.map_err(|error| error.to_string())?;
    let shape = shape.iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
    Tensor::new(shape, data).ok_or_else(|| "an output has fewer numbers than its shape says".to_owned())
}

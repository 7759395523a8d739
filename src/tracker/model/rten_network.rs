//! Networks run by `rten`.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rten::{
    DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView, ValueType, ValueView,
};
use rten_tensor::prelude::*;

use super::network::{Dim, Element, Network, Signature, Tensor, TensorInfo, contained};

/// A sound file of 100 MB is loaded within a few seconds.
const LONGEST_LOAD: Duration = Duration::from_mins(1);

struct RtenNetwork {
    model: Model,
    pool: Arc<ThreadPool>,
    signature: Signature,
}

/// Loads an ONNX file.
pub(super) fn load(file: &Path, threads: usize) -> Result<Box<dyn Network>, String> {
    let model = load_in_time(file)?;
    let infos = |ids: &[NodeId]| ids.iter().map(|id| info(&model, *id)).collect();
    let signature = Signature { inputs: infos(model.input_ids()), outputs: infos(model.output_ids()) };
    let pool = Arc::new(ThreadPool::with_num_threads(threads.max(1)));
    Ok(Box::new(RtenNetwork { model, pool, signature }))
}

/// Some damaged files keep the loader busy for ever: it gets a thread of its own, which is left to itself when time is up.
fn load_in_time(file: &Path) -> Result<Model, String> {
    let (send, loaded) = mpsc::channel();
    let path = file.to_owned();
    let load = move || {
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = contained(|| options.load_file(&path).map_err(|error| error.to_string())).flatten();
        // nobody listens any more if time was up
        send.send(model).ok();
    };
    std::thread::Builder::new().name("model loader".into()).spawn(load).map_err(|error| error.to_string())?;
    let late = || format!("it is not done after {} s: the file is damaged", LONGEST_LOAD.as_secs());
    loaded.recv_timeout(LONGEST_LOAD).map_err(|_| late())?
}

fn info(model: &Model, id: NodeId) -> TensorInfo {
    let node = model.node_info(id);
    let shape = node.as_ref().and_then(rten::NodeInfo::shape);
    let dim = |axis: Dimension| match axis {
        Dimension::Fixed(n) => Dim::Fixed(n),
        Dimension::Symbolic(name) => Dim::Free(name),
    };
    let element = match node.as_ref().and_then(rten::NodeInfo::dtype) {
        Some(ValueType::Tensor(DataType::Float)) | None => Element::F32,
        Some(ValueType::Tensor(DataType::UInt8)) => Element::U8,
        Some(other) => Element::Other(other.to_string()),
    };
    let name = node.as_ref().and_then(rten::NodeInfo::name).unwrap_or_default().to_owned();
    TensorInfo { name, element, shape: shape.map(|axes| axes.into_iter().map(dim).collect()) }
}

impl Network for RtenNetwork {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let mut values: Vec<(NodeId, ValueOrView)> = Vec::new();
        for ((tensor, info), id) in inputs.iter().zip(&self.signature.inputs).zip(self.model.input_ids()) {
            let shape = tensor.shape.as_slice();
            let value = if info.element == Element::U8 {
                let bytes: Vec<u8> = tensor.data.iter().map(|x| x.round() as u8).collect();
                Value::from_shape(shape, bytes).map_err(|error| error.to_string())?.into()
            } else {
                ValueView::from_shape(shape, &tensor.data).map_err(|error| error.to_string())?.into()
            };
            values.push((*id, value));
        }
        let run = || self.model.run(values, self.model.output_ids(), Some(options));
        let outputs = contained(run)?.map_err(|error| error.to_string())?;
        outputs.into_iter().map(plain).collect()
    }
}

/// Numbers of a value, as f32.
fn plain(value: Value) -> Result<Tensor, String> {
    let (shape, data) = match value {
        Value::FloatTensor(t) => (t.shape().to_vec(), t.into_data()),
        Value::Int32Tensor(t) => (t.shape().to_vec(), t.iter().map(|x| *x as f32).collect()),
        Value::UInt8Tensor(t) => (t.shape().to_vec(), t.iter().map(|x| f32::from(*x)).collect()),
        Value::Int8Tensor(t) => (t.shape().to_vec(), t.iter().map(|x| f32::from(*x)).collect()),
        Value::Sequence(_) => return Err("an output is a list of tensors, which is not supported".to_owned()),
        _ => return Err("an output is of a type that is not supported".to_owned()),
    };
    Tensor::new(shape, data).ok_or_else(|| "an output has fewer numbers than its shape says".to_owned())
}

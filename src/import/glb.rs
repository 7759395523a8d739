//! Binary glTF: the container, and accessors as typed arrays with every bound checked.
//!
//! The `gltf` crate reads and validates the JSON. Its accessor readers trust offsets and strides, so the bytes are read here.

use std::path::Path;

use base64::Engine;
use glam::Vec3;
use gltf::accessor::sparse::IndexType;
use gltf::accessor::{DataType, Dimensions};

use super::{Fault, ImportError};
use crate::rig::VertexDeltas;

const EXPORT_AGAIN: &str = "export the model again, as binary glTF 2.0 (.glb) without compression or sparse accessors";

/// An opened `.glb` file: valid JSON and the bytes behind it.
pub(super) struct Glb {
    pub(super) document: gltf::Document,
    bytes: Vec<u8>,
}

impl Glb {
    /// Check the container and validate the JSON.
    pub(super) fn open(bytes: &[u8]) -> Result<Self, ImportError> {
        check_header(bytes)?;
        let error = |error| match error {
            gltf::Error::Binary(problem) => ImportError::Container { problem: problem.to_string() },
            other => ImportError::Gltf { source: Box::new(other) },
        };
        let gltf::Gltf { document, blob } = gltf::Gltf::from_slice_without_validation(bytes).map_err(error)?;
        let json = document.into_json();
        check_attributes(&json)?;
        let document = gltf::Document::from_json(json).map_err(error)?;
        Ok(Self { document, bytes: blob.unwrap_or_default() })
    }

    /// A `.gltf` file whose one buffer is in the JSON itself or in a file in the same folder.
    pub(super) fn open_json(bytes: &[u8], folder: &Path) -> Result<Self, ImportError> {
        let error = |error| ImportError::Gltf { source: Box::new(error) };
        let parsed = gltf::Gltf::from_slice_without_validation(bytes).map_err(error)?;
        let mut json = parsed.document.into_json();
        check_attributes(&json)?;
        let fault = |problem: &str| Fault::new("buffers", problem, "export the model as binary glTF 2.0 (.glb)");
        let held = match json.buffers.as_mut_slice() {
            [] => Vec::new(),
            [buffer] => {
                let uri = buffer.uri.take().ok_or_else(|| fault("the buffer has no address"))?;
                buffer_bytes(&uri, folder)?
            }
            _ => return Err(fault("there are several, one is read").into()),
        };
        let document = gltf::Document::from_json(json).map_err(error)?;
        Ok(Self { document, bytes: held })
    }

    /// The bytes of a buffer view.
    pub(super) fn view(&self, view: &gltf::buffer::View<'_>) -> Result<&[u8], Fault> {
        let place = format!("bufferViews[{}]", view.index());
        if !matches!(view.buffer().source(), gltf::buffer::Source::Bin) {
            return Err(Fault::new(place, "its bytes lie in another file", EXPORT_AGAIN));
        }
        let (from, size) = (view.offset(), view.length());
        from.checked_add(size).and_then(|to| self.bytes.get(from..to)).ok_or_else(|| {
            let held = self.bytes.len();
            Fault::new(place, format!("{size} bytes from byte {from}, but the file holds {held}"), EXPORT_AGAIN)
        })
    }

    /// The bytes of an embedded image.
    pub(super) fn image(&self, index: usize) -> Result<&[u8], Fault> {
        // the JSON is asked directly: the crate trusts an image to have either a view or an address
        let image = self.document.as_json().images.get(index);
        let view = image.and_then(|i| i.buffer_view).and_then(|v| self.document.views().nth(v.value()));
        let view = view.ok_or_else(|| {
            let problem = if image.is_none() { "there is no such image" } else { "its bytes are not in this file" };
            Fault::new(format!("images[{index}]"), problem, EXPORT_AGAIN)
        })?;
        self.view(&view)
    }

    /// Finite floats; unsigned bytes and shorts count as shares of their largest value if they are so marked.
    pub(super) fn floats<const N: usize>(&self, accessor: &gltf::Accessor<'_>) -> Result<Vec<[f32; N]>, Fault> {
        let integer_ok = accessor.normalized();
        let rows: Vec<[f32; N]> = match accessor.data_type() {
            DataType::F32 => self.rows(accessor, f32::from_le_bytes)?,
            DataType::U8 if integer_ok => self.rows(accessor, |[b]: [u8; 1]| f32::from(b) / 255.0)?,
            DataType::U16 if integer_ok => {
                self.rows(accessor, |b: [u8; 2]| f32::from(u16::from_le_bytes(b)) / 65_535.0)?
            }
            other => return Err(wrong_type(accessor, other, "float, or normalized unsigned byte or short")),
        };
        match rows.iter().position(|row| row.iter().any(|x| !x.is_finite())) {
            Some(k) => {
                Err(Fault::new(place(accessor), format!("element {k} is {:?}", rows[k]), "values must be finite"))
            }
            None => Ok(rows),
        }
    }

    /// Floats in threes.
    pub(super) fn vectors(&self, accessor: &gltf::Accessor<'_>) -> Result<Vec<Vec3>, Fault> {
        Ok(self.floats(accessor)?.into_iter().map(Vec3::from_array).collect())
    }

    /// Differences of vertices: floats in threes, plain or sparse with zeros elsewhere.
    pub(super) fn deltas(&self, accessor: &gltf::Accessor<'_>) -> Result<VertexDeltas, Fault> {
        let fault = |problem: String| Fault::new(place(accessor), problem, EXPORT_AGAIN);
        let (vertices, deltas): (Vec<u32>, Vec<Vec3>) = match accessor.sparse() {
            None if accessor.view().is_none() => (Vec::new(), Vec::new()),
            None => {
                let all = self.vectors(accessor)?;
                ((0..all.len() as u32).collect(), all)
            }
            Some(_) if accessor.view().is_some() => return Err(fault("is sparse on top of a bufferView".into())),
            Some(sparse) => (self.sparse_indices(accessor, &sparse)?, self.sparse_values(accessor, &sparse)?),
        };
        if vertices.last().is_some_and(|v| *v as usize >= accessor.count()) {
            return Err(fault(format!("a sparse index is beyond its {} elements", accessor.count())));
        }
        if let Some(k) = deltas.iter().position(|d| !d.is_finite()) {
            return Err(Fault::new(place(accessor), format!("element {k} is {}", deltas[k]), "values must be finite"));
        }
        VertexDeltas::from_rising(&vertices, deltas).ok_or_else(|| fault("its sparse indices do not rise".into()))
    }

    fn sparse_indices(
        &self,
        accessor: &gltf::Accessor<'_>,
        sparse: &gltf::accessor::sparse::Sparse<'_>,
    ) -> Result<Vec<u32>, Fault> {
        let indices = sparse.indices();
        let size = match indices.index_type() {
            IndexType::U8 => 1,
            IndexType::U16 => 2,
            IndexType::U32 => 4,
        };
        let bytes = self.packed(accessor, &indices.view(), indices.offset(), sparse.count(), size)?;
        let index = |b: &[u8]| b.iter().rev().fold(0, |n, byte| (n << 8) | u32::from(*byte));
        Ok(bytes.chunks_exact(size).map(index).collect())
    }

    fn sparse_values(
        &self,
        accessor: &gltf::Accessor<'_>,
        sparse: &gltf::accessor::sparse::Sparse<'_>,
    ) -> Result<Vec<Vec3>, Fault> {
        if accessor.data_type() != DataType::F32 || accessor.dimensions() != Dimensions::Vec3 {
            return Err(wrong_type(accessor, accessor.data_type(), "float, in threes"));
        }
        let values = sparse.values();
        let bytes = self.packed(accessor, &values.view(), values.offset(), sparse.count(), 12)?;
        let floats: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Ok(floats.as_chunks::<3>().0.iter().map(|v| Vec3::from_array(*v)).collect())
    }

    /// `count` elements without gaps.
    fn packed(
        &self,
        accessor: &gltf::Accessor<'_>,
        view: &gltf::buffer::View<'_>,
        from: usize,
        count: usize,
        size: usize,
    ) -> Result<&[u8], Fault> {
        let bytes = self.view(view)?;
        let to = count.checked_mul(size).and_then(|length| length.checked_add(from));
        to.and_then(|to| bytes.get(from..to)).ok_or_else(|| {
            let held = bytes.len();
            let problem =
                format!("{count} sparse elements from byte {from} do not fit into a bufferView of {held} bytes");
            Fault::new(place(accessor), problem, EXPORT_AGAIN)
        })
    }

    /// Unsigned integers of any width.
    pub(super) fn integers<const N: usize>(&self, accessor: &gltf::Accessor<'_>) -> Result<Vec<[u32; N]>, Fault> {
        match accessor.data_type() {
            DataType::U8 => self.rows(accessor, |[b]: [u8; 1]| u32::from(b)),
            DataType::U16 => self.rows(accessor, |b: [u8; 2]| u32::from(u16::from_le_bytes(b))),
            DataType::U32 => self.rows(accessor, u32::from_le_bytes),
            other => Err(wrong_type(accessor, other, "unsigned byte, short or int")),
        }
    }

    fn rows<T: Copy + Default, const N: usize, const SIZE: usize>(
        &self,
        accessor: &gltf::Accessor<'_>,
        value: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Vec<[T; N]>, Fault> {
        let found = accessor.dimensions().multiplicity();
        if found != N {
            let problem = format!("has {found} components per element instead of {N}");
            return Err(Fault::new(place(accessor), problem, EXPORT_AGAIN));
        }
        let (bytes, stride) = self.elements(accessor, N * SIZE)?;
        let row = |element: &[u8]| {
            let mut values = [T::default(); N];
            for (slot, component) in values.iter_mut().zip(element.as_chunks::<SIZE>().0) {
                *slot = value(*component);
            }
            values
        };
        Ok(bytes.chunks(stride).map(row).collect())
    }

    /// The bytes from the first element to the last, and the distance between elements.
    fn elements(&self, accessor: &gltf::Accessor<'_>, size: usize) -> Result<(&[u8], usize), Fault> {
        let fault = |problem: String| Fault::new(place(accessor), problem, EXPORT_AGAIN);
        if accessor.sparse().is_some() {
            return Err(fault("is sparse".into()));
        }
        let view = accessor.view().ok_or_else(|| fault("has no bufferView".into()))?;
        let stride = view.stride().unwrap_or(size);
        if stride < size {
            return Err(fault(format!("elements of {size} bytes lie {stride} bytes apart")));
        }
        let (from, count) = (accessor.offset(), accessor.count());
        let length = count.checked_sub(1).and_then(|n| n.checked_mul(stride)).and_then(|n| n.checked_add(size));
        let to = length.and_then(|n| n.checked_add(from));
        let bytes = self.view(&view)?;
        let bytes = to.and_then(|to| bytes.get(from..to)).ok_or_else(|| {
            let held = bytes.len();
            fault(format!("{count} elements from byte {from} do not fit into a bufferView of {held} bytes"))
        })?;
        Ok((bytes, stride))
    }
}

fn place(accessor: &gltf::Accessor<'_>) -> String {
    format!("accessors[{}]", accessor.index())
}

fn wrong_type(accessor: &gltf::Accessor<'_>, found: DataType, legal: &str) -> Fault {
    Fault::new(place(accessor), format!("is of type {found:?} instead of {legal}"), EXPORT_AGAIN)
}

/// The bytes behind the address of a buffer.
fn buffer_bytes(uri: &str, folder: &Path) -> Result<Vec<u8>, ImportError> {
    let fault = |problem: String| Fault::new("buffers[0].uri", problem, EXPORT_AGAIN);
    if let Some((_, data)) = uri.strip_prefix("data:").and_then(|rest| rest.split_once("base64,")) {
        return base64::engine::general_purpose::STANDARD
            .decode(data)
            .map_err(|e| fault(format!("is not valid base64: {e}")).into());
    }
    // a file beside this one, by its plain name
    if Path::new(uri).file_name() != Some(uri.as_ref()) {
        return Err(fault(format!("`{uri}` is not the name of a file beside this one")).into());
    }
    let path = folder.join(uri);
    std::fs::read(&path).map_err(|source| ImportError::Read { path, source })
}

/// The crate's own validation trusts the indices of attributes.
fn check_attributes(json: &gltf::json::Root) -> Result<(), Fault> {
    let primitives = json.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let indices = primitives.flat_map(|p| p.attributes.values()).map(gltf::json::Index::value);
    match indices.max() {
        Some(index) if index >= json.accessors.len() => {
            let problem = format!("an attribute names it, but there are {} accessors", json.accessors.len());
            Err(Fault::new(format!("accessors[{index}]"), problem, EXPORT_AGAIN))
        }
        _ => Ok(()),
    }
}

fn check_header(bytes: &[u8]) -> Result<(), ImportError> {
    let fail = |problem: String| Err(ImportError::Container { problem });
    let word = |k: usize| bytes.get(k..k + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (Some(version), Some(length)) = (word(4), word(8)) else {
        return fail(format!("{} bytes, a header alone has 12", bytes.len()));
    };
    if !bytes.starts_with(b"glTF") {
        return fail(format!("the first bytes are `{}` instead of `glTF`", bytes[..4].escape_ascii()));
    }
    if version != 2 {
        return fail(format!("byte 4 says version {version} instead of 2"));
    }
    if length < 20 || length as usize > bytes.len() {
        return fail(format!("byte 8 says {length} bytes, but there are {}", bytes.len()));
    }
    Ok(())
}

//! Binary glTF: the container, and accessors as typed arrays with every bound checked.
//!
//! The `gltf` crate reads and validates the JSON. Its accessor readers trust offsets and strides, so the bytes are read here.

use glam::Vec3;
use gltf::accessor::DataType;

use super::{Fault, ImportError};

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
        let gltf::Gltf { document, blob } = gltf::Gltf::from_slice(bytes).map_err(|error| match error {
            gltf::Error::Binary(problem) => ImportError::Container { problem: problem.to_string() },
            other => ImportError::Gltf { source: Box::new(other) },
        })?;
        Ok(Self { document, bytes: blob.unwrap_or_default() })
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
        let place = format!("images[{index}]");
        let image = self.document.images().nth(index);
        let image = image.ok_or_else(|| Fault::new(&place, "there is no such image", EXPORT_AGAIN))?;
        match image.source() {
            gltf::image::Source::View { view, .. } => self.view(&view),
            gltf::image::Source::Uri { uri, .. } => {
                Err(Fault::new(place, format!("lies in another file, `{uri}`"), EXPORT_AGAIN))
            }
        }
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

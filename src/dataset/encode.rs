//! Planes to file bytes: PNG, 16-bit depth, EXR. Everything is lossless and byte for byte the same on every machine.
//!
//! Speed decides the settings: at 320 x 320 a mask takes 0.04 ms, grey 0.13, 16-bit depth 0.25, colour 0.7. The `Up` filter
//! is the fastest on all of them, and among the smallest on masks and depth.

use std::io::Cursor;

use exr::prelude as openexr;
use exr::prelude::WritableImage as _;

use crate::frame::Plane;

/// Why a plane could not become a file.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The PNG encoder refused.
    #[error("cannot encode a PNG of {width} x {height} pixels")]
    Png {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The encoder's reason.
        #[source]
        source: png::EncodingError,
    },
    /// The JPEG encoder refused.
    #[error("cannot encode a JPEG of {width} x {height} pixels")]
    Jpeg {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The encoder's reason.
        #[source]
        source: jpeg_encoder::EncodingError,
    },
    /// The EXR encoder refused.
    #[error("cannot encode an EXR file of {width} x {height} pixels")]
    Exr {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The encoder's reason.
        #[source]
        source: exr::error::Error,
    },
}

/// PNG of an 8-bit red green blue picture.
pub fn png_rgb8(plane: &Plane<[u8; 3]>) -> Result<Vec<u8>, EncodeError> {
    png((plane.width, plane.height), plane.data.as_flattened(), (png::ColorType::Rgb, png::BitDepth::Eight))
}

/// Baseline JPEG of an 8-bit red green blue picture, without chroma subsampling.
pub fn jpeg_rgb8(plane: &Plane<[u8; 3]>, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (plane.width, plane.height);
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    encoder
        .encode(plane.data.as_flattened(), width as u16, height as u16, jpeg_encoder::ColorType::Rgb)
        .map_err(|source| EncodeError::Jpeg { width, height, source })?;
    Ok(bytes)
}

/// PNG of an 8-bit grey picture.
pub fn png_grey8(plane: &Plane<u8>) -> Result<Vec<u8>, EncodeError> {
    png((plane.width, plane.height), &plane.data, (png::ColorType::Grayscale, png::BitDepth::Eight))
}

/// PNG of a 16-bit grey picture.
pub fn png_grey16(plane: &Plane<u16>) -> Result<Vec<u8>, EncodeError> {
    let bytes: Vec<u8> = plane.data.iter().flat_map(|v| v.to_be_bytes()).collect();
    png((plane.width, plane.height), &bytes, (png::ColorType::Grayscale, png::BitDepth::Sixteen))
}

/// Depth in steps of `unit_m`, rounded to the nearest step; 0 where there is no depth.
///
/// Also counts the pixels beyond 65535 steps, which are written as 65535.
pub fn depth_steps(depth_z_m: &Plane<f32>, unit_m: f32) -> (Plane<u16>, u64) {
    let per_m = 1.0 / f64::from(unit_m);
    let mut saturated = 0;
    let data = depth_z_m.data.iter().map(|z| {
        let above = f64::from(*z) * per_m + 0.5;
        saturated += u64::from(above >= 65536.0);
        above as u16 // the cast rounds down and saturates
    });
    let plane = Plane { width: depth_z_m.width, height: depth_z_m.height, data: data.collect() };
    (plane, saturated)
}

/// EXR of one 32-bit channel `Z`, metres, run-length coded.
pub fn exr_depth(depth_z_m: &Plane<f32>) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (depth_z_m.width, depth_z_m.height);
    let samples = openexr::FlatSamples::F32(depth_z_m.data.clone());
    let channels = openexr::AnyChannels::sort(smallvec_of(openexr::AnyChannel::new("Z", samples)));
    let encoding = openexr::Encoding { compression: openexr::Compression::RLE, ..openexr::Encoding::UNCOMPRESSED };
    let size = (width as usize, height as usize);
    let layer = openexr::Layer::new(size, openexr::LayerAttributes::named("depth"), encoding, channels);
    let mut out = Cursor::new(Vec::with_capacity(depth_z_m.data.len()));
    openexr::Image::from_layer(layer)
        .write()
        .non_parallel()
        .to_buffered(&mut out)
        .map_err(|source| EncodeError::Exr { width, height, source })?;
    Ok(out.into_inner())
}

fn smallvec_of<T>(item: T) -> openexr::SmallVec<[T; 4]> {
    std::iter::once(item).collect()
}

fn png(
    (width, height): (u32, u32),
    bytes: &[u8],
    (colour, depth): (png::ColorType, png::BitDepth),
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(bytes.len() / 2 + 1024);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fastest);
    encoder.set_filter(png::Filter::Up);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(bytes)?;
        writer.finish()
    });
    written.map_err(|source| EncodeError::Png { width, height, source })?;
    Ok(out)
}

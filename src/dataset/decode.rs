//! File bytes back to planes, with an error that says what is wrong with a damaged file.

use std::io::Cursor;

use exr::prelude as openexr;
use exr::prelude::{ReadChannels as _, ReadLayers as _};

use crate::frame::Plane;

/// Why a file could not become a plane.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not a PNG, or a damaged one.
    #[error("not a whole PNG file ({bytes} bytes)")]
    Png {
        /// Length of the file.
        bytes: usize,
        /// The decoder's reason.
        #[source]
        source: png::DecodingError,
    },
    /// Not a JPEG, or a damaged one.
    #[error("not a whole JPEG file ({bytes} bytes)")]
    Jpeg {
        /// Length of the file.
        bytes: usize,
        /// The decoder's reason.
        #[source]
        source: image::ImageError,
    },
    /// A JPEG without its end: decoders make up the rest.
    #[error("the JPEG file ends early ({bytes} bytes)")]
    CutOff {
        /// Length of the file.
        bytes: usize,
    },
    /// Not an EXR file, or a damaged one.
    #[error("not a whole EXR file ({bytes} bytes)")]
    Exr {
        /// Length of the file.
        bytes: usize,
        /// The decoder's reason.
        #[source]
        source: exr::error::Error,
    },
    /// The EXR file holds no 32-bit channel of the expected name.
    #[error("the EXR file has no 32-bit float channel `Z`")]
    NoDepthChannel,
    /// A PNG of another kind than expected.
    #[error("the PNG holds {found}, expected {expected}")]
    Kind {
        /// What the file holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The picture has another size than its label says.
    #[error("the picture has {} x {} pixels, expected {} x {}", found.0, found.1, expected.0, expected.1)]
    Size {
        /// Columns and rows of the file.
        found: (u32, u32),
        /// Columns and rows that the label states.
        expected: (u32, u32),
    },
}

/// An 8-bit red green blue PNG.
pub fn png_rgb8(bytes: &[u8]) -> Result<Plane<[u8; 3]>, DecodeError> {
    let raw = png(bytes, png::ColorType::Rgb, png::BitDepth::Eight, "8-bit red green blue")?;
    Ok(Plane { width: raw.width, height: raw.height, data: raw.data.as_chunks().0.to_vec() })
}

/// An 8-bit grey PNG.
pub fn png_grey8(bytes: &[u8]) -> Result<Plane<u8>, DecodeError> {
    png(bytes, png::ColorType::Grayscale, png::BitDepth::Eight, "8-bit grey")
}

/// A 16-bit grey PNG.
pub fn png_grey16(bytes: &[u8]) -> Result<Plane<u16>, DecodeError> {
    let raw = png(bytes, png::ColorType::Grayscale, png::BitDepth::Sixteen, "16-bit grey")?;
    let data = raw.data.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    Ok(Plane { width: raw.width, height: raw.height, data })
}

/// Metres from a plane of steps of `unit_m`; 0 stays [`crate::frame::NO_DEPTH`].
pub fn depth_from_steps(steps: &Plane<u16>, unit_m: f32) -> Plane<f32> {
    let data = steps.data.iter().map(|v| (f64::from(*v) * f64::from(unit_m)) as f32).collect();
    Plane { width: steps.width, height: steps.height, data }
}

/// A baseline or progressive JPEG, decoded to red green blue.
pub fn jpeg_rgb8(bytes: &[u8]) -> Result<Plane<[u8; 3]>, DecodeError> {
    let picture = image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg)
        .map_err(|source| DecodeError::Jpeg { bytes: bytes.len(), source })?
        .into_rgb8();
    if !has_end(bytes) {
        return Err(DecodeError::CutOff { bytes: bytes.len() });
    }
    Ok(Plane { width: picture.width(), height: picture.height(), data: picture.as_raw().as_chunks().0.to_vec() })
}

/// True if the end-of-image marker stands after the last start of a scan (thumbnails in the header have ends of their own).
fn has_end(jpeg: &[u8]) -> bool {
    let mut markers = jpeg.windows(2).rev().filter(|pair| pair[0] == 0xff);
    markers.find(|pair| matches!(pair[1], 0xd9 | 0xda)).is_some_and(|pair| pair[1] == 0xd9)
}

/// A PNG of any kind as red green blue: alpha is dropped, palettes are looked up, 16 bits become 8.
pub fn any_rgb8(bytes: &[u8]) -> Result<Plane<[u8; 3]>, DecodeError> {
    let bad = |source| DecodeError::Png { bytes: bytes.len(), source };
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(bad)?;
    let too_large =
        || DecodeError::Kind { found: "a picture too large for memory".into(), expected: "a colour picture" };
    let mut data = vec![0; reader.output_buffer_size().ok_or_else(too_large)?];
    let info = reader.next_frame(&mut data).map_err(bad)?;
    reader.finish().map_err(bad)?;
    let pixels = data.chunks_exact(info.color_type.samples());
    let rgb = pixels.map(|p| if p.len() < 3 { [p[0]; 3] } else { [p[0], p[1], p[2]] });
    Ok(Plane { width: info.width, height: info.height, data: rgb.collect() })
}

/// The 32-bit channel `Z` of an EXR file, metres.
pub fn exr_depth(bytes: &[u8]) -> Result<Plane<f32>, DecodeError> {
    let image = openexr::read()
        .no_deep_data()
        .largest_resolution_level()
        .all_channels()
        .first_valid_layer()
        .all_attributes()
        .non_parallel()
        .from_buffered(Cursor::new(bytes))
        .map_err(|source| DecodeError::Exr { bytes: bytes.len(), source })?;
    let size = image.layer_data.size;
    let channel = image.layer_data.channel_data.list.into_iter().find(|c| c.name == *"Z");
    match channel.map(|c| c.sample_data) {
        Some(openexr::FlatSamples::F32(data)) => {
            Ok(Plane { width: size.width() as u32, height: size.height() as u32, data })
        }
        _ => Err(DecodeError::NoDepthChannel),
    }
}

/// The plane itself if it has the size its label states.
pub fn of_size<T>(plane: Plane<T>, width: u32, height: u32) -> Result<Plane<T>, DecodeError> {
    if (plane.width, plane.height) == (width, height) {
        return Ok(plane);
    }
    Err(DecodeError::Size { found: (plane.width, plane.height), expected: (width, height) })
}

fn png(
    bytes: &[u8],
    colour: png::ColorType,
    depth: png::BitDepth,
    expected: &'static str,
) -> Result<Plane<u8>, DecodeError> {
    let bad = |source| DecodeError::Png { bytes: bytes.len(), source };
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(bad)?;
    if reader.output_color_type() != (colour, depth) {
        let found = format!("{:?} of {:?} bits", reader.info().color_type, reader.info().bit_depth);
        return Err(DecodeError::Kind { found, expected });
    }
    let too_large = || DecodeError::Kind { found: "a picture too large for memory".into(), expected };
    let mut data = vec![0; reader.output_buffer_size().ok_or_else(too_large)?];
    let info = reader.next_frame(&mut data).map_err(bad)?;
    reader.finish().map_err(bad)?;
    data.truncate(info.buffer_size());
    Ok(Plane { width: info.width, height: info.height, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::encode;

    fn ramp<T>(width: u32, height: u32, value: impl Fn(u32, u32) -> T) -> Plane<T> {
        let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect();
        Plane { width, height, data }
    }

    #[test]
    fn every_png_comes_back_as_it_was() {
        let rgb = ramp(37, 21, |x, y| [x as u8, y as u8, (x * y) as u8]);
        assert_eq!(png_rgb8(&encode::png_rgb8(&rgb).unwrap()).unwrap(), rgb);
        let grey = ramp(37, 21, |x, y| (x * 7 + y) as u8);
        assert_eq!(png_grey8(&encode::png_grey8(&grey).unwrap()).unwrap(), grey);
        let wide = ramp(37, 21, |x, y| (x * 1771 + y * 3) as u16);
        assert_eq!(png_grey16(&encode::png_grey16(&wide).unwrap()).unwrap(), wide);
    }

    #[test]
    fn exr_keeps_every_bit_of_depth() {
        let depth = ramp(37, 21, |x, y| if x < 9 { 0.0 } else { 0.3 + 1e-4 * (x as f32) / (1.0 + y as f32) });
        assert_eq!(exr_depth(&encode::exr_depth(&depth).unwrap()).unwrap(), depth);
    }

    #[test]
    fn depth_steps_round_and_saturate() {
        let depth = Plane { width: 5, height: 1, data: vec![0.0, 0.5, 0.50006, 6.5535, 7.0] };
        let (steps, saturated) = encode::depth_steps(&depth, 1e-4);
        assert_eq!(steps.data, [0, 5000, 5001, 65535, 65535]);
        assert_eq!(saturated, 1);
        let back = depth_from_steps(&steps, 1e-4);
        assert!((back.data[2] - 0.5001).abs() < 1e-7);
        assert_eq!(back.data[0].to_bits(), 0);
    }

    #[test]
    fn damaged_files_are_named() {
        let grey = ramp(64, 64, |x, y| (x * 7 + y) as u8);
        let whole = encode::png_grey8(&grey).unwrap();
        assert!(matches!(png_grey8(&whole[..whole.len() - 20]), Err(DecodeError::Png { .. })));
        assert!(matches!(png_grey8(&whole[..10]), Err(DecodeError::Png { bytes: 10, .. })));
        assert!(matches!(png_grey8(b""), Err(DecodeError::Png { bytes: 0, .. })));
        assert!(matches!(png_rgb8(&whole), Err(DecodeError::Kind { expected: "8-bit red green blue", .. })));
        let exr = encode::exr_depth(&ramp(64, 64, |x, _| x as f32)).unwrap();
        assert!(matches!(exr_depth(&exr[..exr.len() - 20]), Err(DecodeError::Exr { .. })));
        assert!(matches!(jpeg_rgb8(b"\xff\xd8"), Err(DecodeError::Jpeg { bytes: 2, .. })));
        let rgb = ramp(64, 64, |x, y| [x as u8, y as u8, 7]);
        let jpeg = encode::jpeg_rgb8(&rgb, 90).unwrap();
        assert!(jpeg_rgb8(&jpeg).is_ok());
        for length in [jpeg.len() - 2, jpeg.len() * 3 / 4] {
            let cut = jpeg_rgb8(&jpeg[..length]);
            assert!(matches!(cut, Err(DecodeError::CutOff { .. } | DecodeError::Jpeg { .. })), "{length}: {cut:?}");
        }
        let error = of_size(grey, 32, 64).unwrap_err().to_string();
        assert_eq!(error, "the picture has 64 x 64 pixels, expected 32 x 64");
    }
}

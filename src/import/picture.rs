//! Pictures from files as linear light.

use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::ImportError;
use crate::frame::Plane;

/// Larger pictures are refused before they are decoded: 8192 x 8192.
pub const MAX_PIXELS: u64 = 1 << 26;
/// What decoding may allocate: four floats a pixel.
const MAX_BYTES: u64 = MAX_PIXELS * 16;
/// Stands for infinite light.
const LARGEST_HALF: f32 = 65_504.0;

/// A picture from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Linear light, red green blue. Pictures of 8 or 16 bits are taken for sRGB and reach from 0 to 1; those of floats
    /// are taken as they are, negative values and what is no number as 0, infinite ones as 65,504, the largest half float.
    pub pixels: Plane<[f32; 3]>,
    /// The file holds floats: values above 1 mean something.
    pub is_hdr: bool,
}

/// Read a JPEG, PNG, HDR or EXR file, known by its first bytes; turned as its EXIF data says, without its alpha channel.
pub fn read_picture(path: &Path) -> Result<Picture, ImportError> {
    let undecodable = |source| ImportError::Picture { path: path.to_owned(), source: Box::new(source) };
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let mut reader = reader.map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(undecodable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImportError::PictureSize { path: path.to_owned(), width, height });
    }
    let orientation = decoder.orientation().map_err(undecodable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    picture.apply_orientation(orientation);
    Ok(linear_light(picture))
}

fn linear_light(picture: DynamicImage) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let (data, is_hdr) = match picture {
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
            (picture.into_rgb32f().pixels().map(|p| p.0.map(light)).collect(), true)
        }
        DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_) => {
            let table = srgb_table(u16::MAX.into());
            (picture.into_rgb16().pixels().map(|p| p.0.map(|v| table[usize::from(v)])).collect(), false)
        }
        _ => {
            let table = srgb_table(u8::MAX.into());
            (picture.into_rgb8().pixels().map(|p| p.0.map(|v| table[usize::from(v)])).collect(), false)
        }
    };
    Picture { pixels: Plane { width, height, data }, is_hdr }
}

/// Suns may be infinite, and filters leave negative values and numbers that are none.
fn light(value: f32) -> f32 {
    match value {
        v if v == f32::INFINITY => LARGEST_HALF,
        v if v > 0.0 => v,
        _ => 0.0,
    }
}

/// Linear light of all sRGB values up to the largest (IEC 61966-2-1).
fn srgb_table(largest: u32) -> Vec<f32> {
    let linear = |k: u32| {
        let v = k as f32 / largest as f32;
        if v <= 0.040_45 { v / 12.92 } else { libm::powf((v + 0.055) / 1.055, 2.4) }
    };
    (0..=largest).map(linear).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::*;

    fn saved(save: impl FnOnce(&Path) -> image::ImageResult<()>, name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        save(&path).unwrap();
        (folder, path)
    }

    /// Read back a 5 x 3 picture of one colour.
    fn read(save: impl FnOnce(&Path) -> image::ImageResult<()>, name: &str) -> ([f32; 3], bool) {
        let (_folder, path) = saved(save, name);
        let picture = read_picture(&path).unwrap();
        assert_eq!((picture.pixels.width, picture.pixels.height, picture.pixels.data.len()), (5, 3, 15));
        (picture.pixels.data[7], picture.is_hdr)
    }

    fn close(found: [f32; 3], expected: [f32; 3], tolerance: f32) {
        let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= tolerance, "{found:?} instead of {expected:?}");
    }

    // sRGB 188 is 0.5029 of full light: ((188/255 + 0.055) / 1.055)^2.4
    const HALF: f32 = 0.502_886;

    #[test]
    fn every_kind_of_file_becomes_linear_light() {
        let rgb8 = ImageBuffer::from_pixel(5, 3, Rgb([188_u8, 0, 255]));
        let (found, is_hdr) = read(|p| rgb8.save(p), "a.png");
        close(found, [HALF, 0.0, 1.0], 1e-5);
        assert!(!is_hdr);
        let grey8 = ImageBuffer::from_pixel(5, 3, Luma([188_u8]));
        close(read(|p| grey8.save(p), "a.png").0, [HALF; 3], 1e-5);
        close(read(|p| grey8.save(p), "a.jpg").0, [HALF; 3], 0.01);
        let transparent = ImageBuffer::from_pixel(5, 3, Rgba([188_u8, 188, 0, 3]));
        close(read(|p| transparent.save(p), "a.png").0, [HALF, HALF, 0.0], 1e-5);
        let grey16 = ImageBuffer::from_pixel(5, 3, LumaA([188 * 257_u16, 9]));
        close(read(|p| grey16.save(p), "a.png").0, [HALF; 3], 1e-5);
        let rgb16 = ImageBuffer::from_pixel(5, 3, Rgb([188 * 257_u16, 188 * 257 + 128, 0]));
        let found = read(|p| rgb16.save(p), "a.png").0;
        close(found, [HALF, HALF, 0.0], 4e-3);
        assert!(found[1] > found[0], "16 bits must not be cut to 8");
        for name in ["a.hdr", "a.exr"] {
            let float = ImageBuffer::from_pixel(5, 3, Rgb([0.25_f32, 1.0, 50.0]));
            let (found, is_hdr) = read(|p| float.save(p), name);
            close(found, [0.25, 1.0, 50.0], 0.2);
            assert!(is_hdr);
        }
    }

    #[test]
    fn broken_floats_become_light() {
        let bits = [f32::NAN, -1.0, f32::INFINITY, 0.5].map(|v| light(v).to_bits());
        assert_eq!(bits, [0.0, 0.0, 65_504.0, 0.5].map(f32::to_bits));
    }

    #[test]
    fn first_bytes_count_and_not_the_ending() {
        let rgb8 = ImageBuffer::from_pixel(5, 3, Rgb([188_u8, 0, 255]));
        let (found, _) = read(|p| rgb8.save_with_format(p, image::ImageFormat::Png), "a.jpg");
        close(found, [HALF, 0.0, 1.0], 1e-5);
    }

    #[test]
    fn a_turned_photograph_is_put_upright() {
        // 4 x 2, left half dark; EXIF orientation 6 says: turn a quarter clockwise, so the dark half comes on top
        let photo = ImageBuffer::from_fn(16, 8, |x, _| Luma([if x < 8 { 0_u8 } else { 255 }]));
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new(&mut jpeg).encode_image(&photo).unwrap();
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut turned = jpeg[..2].to_vec();
        turned.extend([0xff, 0xe1, 0, exif.len() as u8 + 2]);
        turned.extend(exif);
        turned.extend(&jpeg[2..]);
        let (_folder, path) = saved(|p| Ok(std::fs::write(p, &turned)?), "a.jpg");
        let pixels = read_picture(&path).unwrap().pixels;
        assert_eq!((pixels.width, pixels.height), (8, 16));
        assert!(pixels.get(4, 2).unwrap()[0] < 0.1 && pixels.get(4, 13).unwrap()[0] > 0.9);
    }

    #[test]
    fn files_that_are_no_pictures_are_named() {
        let message = |bytes: &[u8], name: &str| {
            let (_folder, path) = saved(|p| Ok(std::fs::write(p, bytes)?), name);
            read_picture(&path).unwrap_err().to_string()
        };
        for bytes in [&b""[..], b"text", b"\x89PNG\r\n\x1a\nnothing", b"#?RADIANCE\n", b"\xff\xd8\xff\xe0"] {
            let text = message(bytes, "broken.png");
            assert!(text.contains("broken.png") && text.contains("JPEG, PNG, HDR and EXR"), "{text}");
        }
        let missing = read_picture(Path::new("no/such.png")).unwrap_err();
        assert!(matches!(missing, ImportError::Read { .. }));
    }

    #[test]
    fn a_huge_picture_is_refused_before_it_is_decoded() {
        // a valid header of 20,000 x 20,000 pixels with no pixels behind it
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 20_000, 20_000);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_chunk(png::chunk::IDAT, &[0x78, 0x01]).unwrap();
        drop(writer);
        let (_folder, path) = saved(|p| Ok(std::fs::write(p, &png)?), "huge.png");
        let error = read_picture(&path).unwrap_err();
        assert!(matches!(error, ImportError::PictureSize { width: 20_000, height: 20_000, .. }), "{error}");
        assert!(error.to_string().contains("20000 x 20000"), "{error}");
    }
}

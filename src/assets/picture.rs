//! A user's pictures and panoramas in memory, no larger than a background needs.

use std::path::Path;

use super::AssetError;
use super::settings::linear;
use super::texture::Texture;
use crate::frame::Plane;

/// Larger pictures are shrunk to this width or height, pixels.
const PICTURE_MOST: u32 = 1280;
/// Larger panoramas are shrunk to this width, pixels.
const PANORAMA_MOST: u32 = 2048;
/// Columns of the small copy of a panorama that its light is taken from.
const SMALL: u32 = 32;

/// An equirectangular panorama: linear radiance. The middle column looks along -Z, the right of it along +X; the top
/// row looks up (+Y).
#[derive(Debug, Clone, PartialEq)]
pub struct Panorama {
    /// At most 2048 columns.
    pub pixels: Plane<[f32; 3]>,
    /// The same in 32 columns, means of areas: enough for diffuse light.
    pub small: Plane<[f32; 3]>,
}

impl Panorama {
    /// A panorama from its pixels, shrunk if need be.
    pub fn new(pixels: Plane<[f32; 3]>) -> Self {
        let pixels = shrunk(pixels, PANORAMA_MOST);
        let small = shrunk(pixels.clone(), SMALL);
        Self { pixels, small }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        (self.pixels.data.len() + self.small.data.len()) * 12
    }
}

/// A flat picture from a file.
pub(super) fn read_flat(path: &Path) -> Result<Texture, AssetError> {
    let picture = decode(path)?.into_rgb8();
    let mut table = [0.0; 256];
    for (k, value) in table.iter_mut().enumerate() {
        *value = linear(k as f32 / 255.0);
    }
    let data = picture.pixels().map(|p| p.0.map(|v| table[usize::from(v)])).collect();
    let pixels = shrunk(Plane { width: picture.width(), height: picture.height(), data }, PICTURE_MOST);
    Ok(Texture::from_linear(&pixels, 1.0))
}

/// A panorama from a file.
pub(super) fn read_panorama(path: &Path) -> Result<Panorama, AssetError> {
    let picture = decode(path)?.into_rgb32f();
    // broken pixels of real panoramas: infinite suns and negative remains of filtering
    let value = |v: f32| if v.is_finite() { v.max(0.0) } else { 0.0 };
    let data = picture.pixels().map(|p| p.0.map(value)).collect();
    Ok(Panorama::new(Plane { width: picture.width(), height: picture.height(), data }))
}

fn decode(path: &Path) -> Result<image::DynamicImage, AssetError> {
    let failed = |source: image::ImageError| AssetError::Picture { path: path.to_owned(), source: Box::new(source) };
    let picture = image::ImageReader::open(path)
        .and_then(image::ImageReader::with_guessed_format)
        .map_err(|source| AssetError::Read { path: path.to_owned(), source })?
        .decode()
        .map_err(failed)?;
    Ok(picture)
}

/// The picture with neither side longer than `most`: means over areas.
fn shrunk(picture: Plane<[f32; 3]>, most: u32) -> Plane<[f32; 3]> {
    let longest = picture.width.max(picture.height);
    if longest <= most {
        return picture;
    }
    let side = |n: u32| (u64::from(n) * u64::from(most) / u64::from(longest)).max(1) as u32;
    let (width, height) = (side(picture.width), side(picture.height));
    let span = |k: u32, of: u32, from: u32| {
        let edge = |k: u32| (u64::from(k) * u64::from(from) / u64::from(of)) as usize;
        edge(k)..edge(k + 1)
    };
    let mean = |x: u32, y: u32| {
        let (columns, rows) = (span(x, width, picture.width), span(y, height, picture.height));
        let count = (columns.len() * rows.len()) as f32;
        let mut sum = [0.0; 3];
        for row in rows {
            for pixel in &picture.data[row * picture.width as usize..][columns.clone()] {
                sum = std::array::from_fn(|c| sum[c] + pixel[c]);
            }
        }
        sum.map(|s| s / count)
    };
    let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y)).collect();
    Plane { width, height, data }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Encoding;

    #[test]
    fn shrinking_keeps_the_mean() {
        let data = (0..100 * 50).map(|k| [k as f32, 1.0, 0.0]).collect();
        let small = shrunk(Plane { width: 100, height: 50, data }, 20);
        assert_eq!((small.width, small.height), (20, 10));
        let mean = small.data.iter().map(|p| p[0]).sum::<f32>() / 200.0;
        assert!((mean - 2499.5).abs() < 0.5, "{mean}");
    }

    #[test]
    fn files_become_linear_light() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grey.png");
        image::RgbImage::from_pixel(20, 10, image::Rgb([188, 188, 255])).save(&path).unwrap();
        let texture = read_flat(&path).unwrap();
        assert_eq!(texture.encoding, Encoding::Colour { white: 1.0 });
        let texel = texture.level(1.0).0.data[0].map(|b| f32::from(b) / 255.0 * (f32::from(b) / 255.0));
        assert!((texel[0] - 0.503).abs() < 0.01 && texel[2] == 1.0, "{texel:?}");
        let path = folder.path().join("sky.hdr");
        image::Rgb32FImage::from_pixel(64, 32, image::Rgb([0.5, 1.0, 8.0])).save(&path).unwrap();
        let sky = read_panorama(&path).unwrap();
        assert_eq!((sky.pixels.width, sky.small.width), (64, 32));
        assert!((sky.small.data[7][2] - 8.0).abs() < 0.05);
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.png");
        std::fs::write(&path, b"\x89PNG\r\n\x1a\nnothing").unwrap();
        assert!(read_flat(&path).unwrap_err().to_string().contains("broken.png"));
        assert!(matches!(read_flat(&folder.path().join("none.png")), Err(AssetError::Read { .. })));
    }
}

//! JPEG as a camera writes it: baseline, chroma at half size (4:2:0), standard tables.

use image::{ImageDecoder, codecs::jpeg::JpegDecoder};
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::SensorImage;

/// What can go wrong with a picture's file form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SensorError {
    /// No JPEG has this quality.
    #[error("JPEG quality is {quality}, must be 1 to 100")]
    Quality {
        /// As given.
        quality: u8,
    },
    /// JPEG stores sides in 16 bits, and none may be 0.
    #[error("picture is {width} x {height} pixels, sides of a JPEG must be 1 to 65535")]
    Size {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The encoder refused.
    #[error("cannot encode a picture of {width} x {height} pixels as JPEG")]
    Encode {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// From the encoder.
        #[source]
        source: EncodingError,
    },
    /// The decoder refused what the encoder wrote.
    #[error("cannot decode the JPEG just written")]
    Decode(#[from] image::ImageError),
}

/// JPEG file of a picture at quality 1..=100, chroma at half size in both directions.
///
/// # Errors
///
/// Quality or picture size outside the format's range, or a pixel buffer shorter than the size says.
pub fn jpeg_encode(image: &SensorImage, quality: u8) -> Result<Vec<u8>, SensorError> {
    if !(1..=100).contains(&quality) {
        return Err(SensorError::Quality { quality });
    }
    let SensorImage { width, height, .. } = *image;
    let (Ok(columns @ 1..), Ok(rows @ 1..)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(SensorError::Size { width, height });
    };
    let mut bytes = Vec::with_capacity(image.rgb.len() / 2);
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(image.rgb.as_flattened(), columns, rows, ColorType::Rgb).map_err(|source| SensorError::Encode {
        width,
        height,
        source,
    })?;
    Ok(bytes)
}

/// The picture after a trip through JPEG: its artefacts without its file.
///
/// # Errors
///
/// Those of [`jpeg_encode`].
pub fn jpeg_round_trip(image: &SensorImage, quality: u8) -> Result<SensorImage, SensorError> {
    let file = jpeg_encode(image, quality)?;
    let decoder = JpegDecoder::new(std::io::Cursor::new(&file))?;
    let (width, height) = decoder.dimensions();
    let mut rgb = vec![[0; 3]; width as usize * height as usize];
    decoder.read_image(rgb.as_flattened_mut())?;
    Ok(SensorImage { width, height, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth colour with a sharp disc and some texture.
    fn picture() -> SensorImage {
        let (width, height) = (97, 64);
        let rgb = (0..width * height)
            .map(|k| {
                let (x, y) = (k % width, k / width);
                let disc = (i64::from(x) - 40).pow(2) + (i64::from(y) - 30).pow(2) < 400;
                let grain = (x * 7919 + y * 104_729) % 23;
                [2 * x + grain, 3 * y + grain, if disc { 200 } else { 40 } + grain].map(|v| v.min(255) as u8)
            })
            .collect();
        SensorImage { width, height, rgb }
    }

    fn psnr(a: &SensorImage, b: &SensorImage) -> f64 {
        assert_eq!((a.width, a.height), (b.width, b.height));
        let squares =
            a.rgb.iter().flatten().zip(b.rgb.iter().flatten()).map(|(x, y)| f64::from(x.abs_diff(*y)).powi(2));
        let mean = squares.sum::<f64>() / (3 * a.rgb.len()) as f64;
        10.0 * (255.0 * 255.0 / mean).log10()
    }

    #[test]
    fn lower_quality_loses_more_and_takes_fewer_bytes() {
        let image = picture();
        let [best, good, poor] = [100, 75, 20].map(|quality| {
            (psnr(&image, &jpeg_round_trip(&image, quality).unwrap()), jpeg_encode(&image, quality).unwrap().len())
        });
        assert!(best.0 > good.0 + 1.0 && good.0 > poor.0 + 1.0, "{best:?} {good:?} {poor:?}");
        assert!(best.1 > good.1 && good.1 > poor.1, "{best:?} {good:?} {poor:?}");
        assert!(poor.0 > 20.0, "{poor:?}");
    }

    #[test]
    fn plain_colour_survives() {
        let image = SensorImage { width: 32, height: 32, rgb: vec![[180, 120, 90]; 1024] };
        let back = jpeg_round_trip(&image, 90).unwrap();
        assert!(
            back.rgb.iter().all(|p| p.iter().zip([180_u8, 120, 90]).all(|(a, b)| a.abs_diff(b) <= 3)),
            "{:?}",
            back.rgb[0]
        );
    }

    #[test]
    fn impossible_files_are_refused() {
        let image = picture();
        assert!(matches!(jpeg_encode(&image, 0), Err(SensorError::Quality { quality: 0 })));
        assert!(matches!(jpeg_encode(&image, 101), Err(SensorError::Quality { quality: 101 })));
        let none = SensorImage { width: 0, height: 4, rgb: Vec::new() };
        assert!(matches!(jpeg_encode(&none, 90), Err(SensorError::Size { width: 0, height: 4 })));
        let short = SensorImage { width: 8, height: 8, rgb: vec![[0; 3]; 3] };
        assert!(matches!(jpeg_encode(&short, 90), Err(SensorError::Encode { .. })));
        let message =
            jpeg_encode(&SensorImage { width: 70_000, height: 1, rgb: Vec::new() }, 90).unwrap_err().to_string();
        assert_eq!(message, "picture is 70000 x 1 pixels, sides of a JPEG must be 1 to 65535");
    }
}

//! What a JPEG file says about its compression: quantisation tables, the quality they stand for, chroma subsampling.

/// Luminance table of ITU-T T.81 annex K, row by row.
const LUMINANCE: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];
/// Place in a row-by-row table of each entry of a zigzag table.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Compression of a JPEG file.
#[derive(Debug, Clone, PartialEq)]
pub struct JpegFacts {
    /// Quality 1..=100 whose luminance table fits best, scaled as libjpeg does.
    pub quality: u8,
    /// Mean relative difference from that table; 0 for standard tables.
    pub residual: f32,
    /// Quantisation of luminance, row by row.
    pub luminance: [u16; 64],
    /// Horizontal and vertical sampling factors of luminance over those of chroma; 2 and 2 is 4:2:0. `None` of grey files.
    pub subsampling: Option<(u8, u8)>,
}

/// Why a file's compression is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JpegFault {
    /// It does not begin as a JPEG.
    #[error("the file does not begin as a JPEG")]
    NoJpeg,
    /// It ends, or is damaged, before its tables and frame are known.
    #[error("the JPEG ends before its quantisation tables and frame header, or they are damaged")]
    CutOff,
}

/// The standard luminance table at a quality 1..=100, row by row, as libjpeg scales it.
pub fn standard_luminance(quality: u8) -> [u16; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    LUMINANCE.map(|base| ((u32::from(base) * percent + 50) / 100).clamp(1, 255) as u16)
}

/// Reads tables and frame header of a JPEG file.
///
/// # Errors
///
/// [`JpegFault`] if the bytes are no JPEG or are cut off.
pub fn facts(bytes: &[u8]) -> Result<JpegFacts, JpegFault> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8]).ok_or(JpegFault::NoJpeg)?;
    let mut tables: [Option<[u16; 64]>; 4] = [None; 4];
    let mut frame_header = None;
    loop {
        let (marker, segment, after) = next_segment(rest).ok_or(JpegFault::CutOff)?;
        match marker {
            0xDB => read_tables(segment, &mut tables).ok_or(JpegFault::CutOff)?,
            0xC0..=0xC2 => frame_header = Some(segment),
            // tables may follow the frame header, but not the scan's
            0xDA => return frame_header.and_then(|f| frame(f, &tables)).ok_or(JpegFault::CutOff),
            _ => {}
        }
        rest = after;
    }
}

/// Marker, content and what follows; fill bytes before the marker are skipped.
fn next_segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let at = bytes.iter().position(|b| *b != 0xFF)?;
    if at == 0 {
        return None;
    }
    let (marker, rest) = (*bytes.get(at)?, bytes.get(at + 1..)?);
    let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    Some((marker, rest.get(2..length)?, rest.get(length..)?))
}

fn read_tables(mut segment: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Option<()> {
    while let Some((head, rest)) = segment.split_first() {
        let wide = head >> 4 != 0;
        let length = if wide { 128 } else { 64 };
        let (values, after) = rest.split_at_checked(length)?;
        let mut table = [0; 64];
        for (k, place) in ZIGZAG.into_iter().enumerate() {
            table[place] =
                if wide { u16::from_be_bytes([values[2 * k], values[2 * k + 1]]) } else { u16::from(values[k]) };
        }
        *tables.get_mut(usize::from(head & 15))? = Some(table);
        segment = after;
    }
    Some(())
}

fn frame(segment: &[u8], tables: &[Option<[u16; 64]>; 4]) -> Option<JpegFacts> {
    let components: Vec<&[u8]> = segment.get(6..)?.chunks_exact(3).collect();
    let factors = |c: &[u8]| (c[1] >> 4, c[1] & 15);
    let first = components.first()?;
    let luminance = (*tables.get(usize::from(first[2]))?)?;
    let subsampling = components.get(1).map(|second| {
        let ((h, v), (ch, cv)) = (factors(first), factors(second));
        (h / ch.max(1), v / cv.max(1))
    });
    let (quality, residual) = fit_quality(&luminance);
    Some(JpegFacts { quality, residual, luminance, subsampling })
}

/// Quality whose table is nearest, the best of equals, and the mean relative difference from it.
fn fit_quality(table: &[u16; 64]) -> (u8, f32) {
    let difference = |quality: u8| {
        let relative = |(a, b): (&u16, u16)| f32::from(a.abs_diff(b)) / f32::from(b);
        table.iter().zip(standard_luminance(quality)).map(relative).sum::<f32>() / 64.0
    };
    let fits = (1..=100).rev().map(|quality| (quality, difference(quality)));
    fits.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((100, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::{SensorImage, jpeg_encode};

    #[test]
    fn the_quality_of_our_own_files_is_read_exactly() {
        let image = SensorImage { width: 24, height: 16, rgb: (0..384).map(|k| [(k % 251) as u8; 3]).collect() };
        for quality in 1..=100 {
            let facts = facts(&jpeg_encode(&image, quality).unwrap()).unwrap();
            assert_eq!((facts.quality, facts.subsampling), (quality, Some((2, 2))), "{facts:?}");
            assert!(facts.residual < 1e-6, "{quality}: {}", facts.residual);
        }
    }

    #[test]
    fn foreign_tables_get_the_nearest_quality_and_a_residual() {
        let mut table = standard_luminance(70);
        table[0] += 1;
        table[9] += 2;
        let (quality, residual) = fit_quality(&table);
        assert!(quality.abs_diff(70) <= 1 && residual > 1e-3, "{quality} {residual}");
    }

    #[test]
    fn no_damage_is_read_as_a_quality() {
        let image = SensorImage { width: 8, height: 8, rgb: vec![[9; 3]; 64] };
        let whole = jpeg_encode(&image, 80).unwrap();
        let scan_at = whole.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
        for end in 2..scan_at {
            assert_eq!(facts(&whole[..end]), Err(JpegFault::CutOff), "{end}");
        }
        assert_eq!(facts(b"\x89PNG"), Err(JpegFault::NoJpeg));
        assert_eq!(facts(&[]), Err(JpegFault::NoJpeg));
        assert_eq!(facts(&[0xFF, 0xD8, 0xFF, 0xDB, 0, 0, 1]), Err(JpegFault::CutOff));
    }
}

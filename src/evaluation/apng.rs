//! An animated PNG of a run: small enough to be mailed, shown by every browser.

use super::EvaluationError;
use crate::report::draw::{self, Canvas};

/// Longer side, pixels.
const SIDE_PX: u32 = 360;
/// Frames at most; of longer runs every second, fourth .. is kept.
const FRAMES: usize = 120;
/// Low bits of the colours that are dropped: noise that would not compress.
const MASK: u8 = 0b1111_1000;

/// Gathers frames; memory holds 120 small pictures at most.
#[derive(Debug, Default)]
pub struct Animation {
    frames: Vec<Canvas>,
    seen: u64,
    every: u64,
}

impl Animation {
    /// One frame, in order.
    pub fn add(&mut self, picture: &Canvas) {
        self.every = self.every.max(1);
        let wanted = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !wanted || picture.data.is_empty() {
            return;
        }
        let (width, height) = match self.frames.first() {
            Some(first) => (first.width, first.height), // all frames of a file have one size
            None => fitted(picture.width, picture.height),
        };
        let mut small = draw::resized(picture, width, height);
        small.data.iter_mut().flatten().for_each(|value| *value = *value & MASK | 4);
        self.frames.push(small);
        if self.frames.len() > FRAMES {
            let mut number = 0;
            self.frames.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The file; `frame_s` is the time between frames of the run. `None` without any frame.
    pub fn finish(self, frame_s: f64) -> Result<Option<Vec<u8>>, EvaluationError> {
        let Some(first) = self.frames.first() else { return Ok(None) };
        let fault = |source: png::EncodingError| EvaluationError::Picture {
            what: "overlay.apng".to_owned(),
            source: Box::new(source),
        };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, first.width, first.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(self.frames.len() as u32, 0).map_err(fault)?;
        let delay_ms = (1000.0 * frame_s * self.every as f64).clamp(10.0, 10_000.0) as u16;
        encoder.set_frame_delay(delay_ms, 1000).map_err(fault)?;
        let mut writer = encoder.write_header().map_err(fault)?;
        for frame in &self.frames {
            writer.write_image_data(frame.data.as_flattened()).map_err(fault)?;
        }
        writer.finish().map_err(fault)?;
        Ok(Some(bytes))
    }
}

fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= SIDE_PX {
        return (width.max(1), height.max(1));
    }
    let scaled = |n: u32| (n * SIDE_PX / longer).max(1);
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_thinned_and_come_back_as_an_animation() {
        let mut animation = Animation::default();
        for k in 0..300_u32 {
            animation.add(&Canvas::filled(720, 480, [(k % 250) as u8; 3]));
        }
        let bytes = animation.finish(1.0 / 30.0).unwrap().unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let mut reader = decoder.read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (360, 240));
        assert_eq!(reader.info().animation_control.unwrap().num_frames, 75); // every fourth of 300
        let mut frame = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut frame).unwrap();
        reader.next_frame(&mut frame).unwrap();
        assert_eq!(frame[0], 4, "the second frame kept is the fifth");
        assert_eq!(reader.info().frame_control.unwrap().delay_num, 133);
        assert!(Animation::default().finish(0.1).unwrap().is_none());
    }
}

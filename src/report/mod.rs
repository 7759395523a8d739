//! Contact sheet and HTML report of a dataset: so that people look instead of read.
//!
//! The report is one file without outside links: thumbnails with skeleton, part and depth overlays, and histograms of
//! view, distance, joint angles, tone, light and visibility over all samples.

mod dataset;
pub mod draw;
pub mod histogram;
pub mod statistics;
pub mod view;

use base64::Engine as _;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

use crate::dataset::{DatasetError, HandRecord};
use crate::frame::Plane;
pub use dataset::{Collector, write, write_file, write_set};
use draw::Canvas;
pub use statistics::Statistics;

/// What can go wrong while a report is made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The page's template and its data do not fit: a fault of this crate.
    #[error("the report page could not be filled in")]
    Template(#[from] minijinja::Error),
    /// A thumbnail could not be compressed.
    #[error("a thumbnail of the report could not be compressed")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
    /// The contact sheet could not be compressed.
    #[error("the contact sheet could not be compressed")]
    Sheet(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The dataset could not be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// One sample as the report shows it.
#[derive(Debug, Clone)]
pub struct ReportSample {
    /// Sample id.
    pub id: String,
    /// The picture.
    pub picture: Canvas,
    /// Part ids, if written.
    pub part: Option<Plane<u8>>,
    /// Depth along the axis, metres, if written.
    pub depth_z_m: Option<Plane<f32>>,
    /// Its hands.
    pub hands: Vec<HandRecord>,
    /// A few words below the picture.
    pub caption: String,
}

/// Longer side of a thumbnail, pixels.
const THUMBNAIL_PX: u32 = 256;
/// Quality of the thumbnails.
const THUMBNAIL_QUALITY: u8 = 80;

#[derive(Serialize)]
struct Figure {
    id: String,
    caption: String,
    /// Picture, skeleton, parts, depth: base64 JPEG; empty if there is none.
    images: [String; 4],
}

/// Head of the page.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// Name of the dataset.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Table of facts: name, value.
    pub facts: Vec<(String, String)>,
    /// What is wrong with the dataset.
    pub faults: Vec<String>,
}

/// The whole page as HTML.
pub fn page(heading: &Heading, samples: &[ReportSample], statistics: &Statistics) -> Result<String, ReportError> {
    let figures = samples.iter().map(figure).collect::<Result<Vec<_>, _>>()?;
    let (charts, angles) = statistics.charts();
    let mut environment = Environment::new();
    environment.add_template("report.html", include_str!("template.html"))?;
    Ok(environment.get_template("report.html")?.render(context! {
        name => heading.name.as_str(), description => heading.description.as_str(),
        facts => Value::from(Serde(&heading.facts)), faults => Value::from(Serde(&heading.faults)),
        samples => Value::from(Serde(&figures)), charts => charts, angles => angles,
    })?)
}

fn figure(sample: &ReportSample) -> Result<Figure, ReportError> {
    let parts = sample.part.as_ref().map(|part| draw::mask_overlay(&sample.picture, part));
    let depth = sample.depth_z_m.as_ref().map(draw::depth_picture);
    Ok(Figure {
        id: sample.id.clone(),
        caption: sample.caption.clone(),
        images: [
            thumbnail(&sample.picture)?,
            thumbnail(&with_skeletons(sample, 2 * THUMBNAIL_PX))?,
            parts.map_or(Ok(String::new()), |p| thumbnail(&p))?,
            depth.map_or(Ok(String::new()), |d| thumbnail(&d))?,
        ],
    })
}

/// The picture with every hand's skeleton, drawn at no less than the given size so that lines stay thin.
fn with_skeletons(sample: &ReportSample, size_px: u32) -> Canvas {
    let side = sample.picture.width.max(sample.picture.height).max(1);
    let factor = size_px.div_ceil(side).max(1);
    let mut canvas = draw::resized(&sample.picture, sample.picture.width * factor, sample.picture.height * factor);
    for hand in &sample.hands {
        let mut hand = hand.clone();
        for p in hand.keypoints_px.iter_mut().flatten() {
            *p *= factor as f32;
        }
        draw::skeleton(&mut canvas, &hand);
    }
    canvas
}

/// A picture as base64 JPEG of at most [`THUMBNAIL_PX`].
pub(crate) fn thumbnail(picture: &Canvas) -> Result<String, ReportError> {
    let small = fitted(picture, THUMBNAIL_PX);
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, THUMBNAIL_QUALITY).encode(
        small.data.as_flattened(),
        small.width as u16,
        small.height as u16,
        jpeg_encoder::ColorType::Rgb,
    )?;
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes))
}

fn fitted(picture: &Canvas, side_px: u32) -> Canvas {
    let longer = picture.width.max(picture.height).max(1);
    if longer <= side_px {
        return picture.clone();
    }
    let scaled = |n: u32| (n * side_px / longer).max(1);
    draw::resized(picture, scaled(picture.width), scaled(picture.height))
}

/// Columns of the contact sheet.
const SHEET_COLUMNS: usize = 8;
/// Side of a cell of the contact sheet, pixels.
const CELL_PX: u32 = 160;

/// Pictures side by side: for each sample the picture and, below, the same with skeletons.
pub fn contact_sheet(samples: &[ReportSample]) -> Canvas {
    let rows = samples.len().div_ceil(SHEET_COLUMNS).max(1) as u32;
    let mut sheet = Canvas::filled(SHEET_COLUMNS as u32 * CELL_PX, rows * 2 * CELL_PX, [24; 3]);
    for (k, sample) in samples.iter().enumerate() {
        let left = (k % SHEET_COLUMNS) as u32 * CELL_PX;
        let top = (k / SHEET_COLUMNS) as u32 * 2 * CELL_PX;
        draw::paste(&mut sheet, &fitted(&sample.picture, CELL_PX), left, top);
        draw::paste(&mut sheet, &fitted(&with_skeletons(sample, 2 * CELL_PX), CELL_PX), left, top + CELL_PX);
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ReportSample {
        ReportSample {
            id: "000001".into(),
            picture: Canvas::filled(320, 240, [90, 120, 150]),
            part: Some(Plane::filled(320, 240, 18)),
            depth_z_m: None,
            hands: Vec::new(),
            caption: "<script>".into(),
        }
    }

    #[test]
    fn the_page_is_one_file_with_every_sample_and_nothing_from_outside() {
        let heading = Heading { name: "a & b".into(), ..Heading::default() };
        let html = page(&heading, &[sample(), sample()], &Statistics::default()).unwrap();
        assert_eq!(html.matches("<figure").count(), 2);
        assert_eq!(html.matches("data:image/jpeg;base64,/9j/").count(), 6);
        assert!(html.contains("a &amp; b") && html.contains("&lt;script&gt;"));
        assert!(!html.contains("http") && !html.contains("src=\"/"), "the report must open offline");
    }

    #[test]
    fn the_sheet_has_two_rows_of_cells_per_row_of_samples() {
        let sheet = contact_sheet(&vec![sample(); 9]);
        assert_eq!((sheet.width, sheet.height), (1280, 640));
        assert_eq!(sheet.get(10, 10), Some([90, 120, 150]));
        assert_eq!(sheet.get(10, 325), Some([90, 120, 150]));
        assert_eq!(sheet.get(400, 330), Some([24; 3]));
    }
}

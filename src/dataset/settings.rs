//! What is written, and in which format.

use serde::{Deserialize, Serialize};

/// The `[output]` table of a preset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSettings {
    /// Layout of the files.
    pub format: OutputFormat,
    /// Samples per tar file, and per unit of work of the other formats.
    pub samples_per_shard: u64,
    /// File of the colour picture (RHD always writes PNG, `FreiHAND` and YOLO JPEG).
    pub rgb: RgbFormat,
    /// Write the grey picture.
    pub grey: bool,
    /// Files of the depth (RHD always writes its own 16 bits).
    pub depth: DepthFormat,
    /// Metres per step of the 16-bit depth (not RHD).
    pub depth_unit_m: f32,
    /// Write the part ids (RHD always does).
    pub mask: bool,
    /// Write the instance ids.
    pub instance: bool,
}

/// Layout of the files of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// `{split}/{id}.rgb.jpg` and so on.
    Loose,
    /// The same names in `{split}-000000.tar`, as `WebDataset` reads them.
    Tar,
    /// The Rendered Hand Pose dataset's own tree.
    Rhd,
    /// COCO keypoints: `images/{split}/{id}.jpg` and `annotations/{split}.json`.
    Coco,
    /// `FreiHAND`'s own tree: one right hand per picture of 224 x 224 pixels.
    Freihand,
    /// YOLO pose: `images/{split}/{id}.jpg` and `labels/{split}/{id}.txt`.
    Yolo,
}

impl OutputSettings {
    /// The colour picture is a JPEG file, whatever `rgb` says where the format knows one kind only.
    pub fn writes_jpeg(&self) -> bool {
        match self.format {
            OutputFormat::Rhd => false,
            OutputFormat::Freihand | OutputFormat::Yolo => true,
            _ => self.rgb == RgbFormat::Jpg,
        }
    }

    /// A grey picture is written.
    pub fn writes_grey(&self) -> bool {
        self.grey && matches!(self.format, OutputFormat::Loose | OutputFormat::Tar | OutputFormat::Coco)
    }
}

/// File of the colour picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RgbFormat {
    /// The sensor's own JPEG.
    Jpg,
    /// The sensor's picture, decoded.
    Png,
    /// No colour picture: depth sets have none.
    None,
}

impl RgbFormat {
    /// File name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png | Self::None => "png",
        }
    }
}

/// Files of the depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthFormat {
    /// 16-bit PNG in steps of `depth_unit_m`.
    Png,
    /// 32-bit EXR, metres.
    Exr,
    /// Both.
    Both,
    /// Neither.
    None,
}

impl DepthFormat {
    /// A 16-bit PNG is written.
    pub fn has_png(self) -> bool {
        matches!(self, Self::Png | Self::Both)
    }

    /// An EXR file is written.
    pub fn has_exr(self) -> bool {
        matches!(self, Self::Exr | Self::Both)
    }
}

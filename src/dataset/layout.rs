//! Where the files of a sample stand in each format, and what they hold.

use super::encode::{self, EncodeError};
use super::error::SampleError;
use super::label_json::{PictureKind, SampleLabel, SampleName};
use super::plan::DatasetPlan;
use super::sample::{EncodedSample, HeldCounts, Member, Planes, Sample};
use super::settings::{OutputFormat, RgbFormat};
use super::source::Pictures;
use super::{freihand, rhd, yolo};
use crate::frame::Plane;

/// A picture of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    Rgb,
    Grey,
    Depth16,
    DepthExr,
    Mask,
    Instance,
    /// The text file of YOLO: no picture, but a file per sample as they are.
    YoloText,
}

use Picture as P;

/// The pictures that a plan's samples have, in the order in which they are written.
pub(super) fn pictures(plan: &DatasetPlan) -> Vec<Picture> {
    let output = &plan.output;
    match output.format {
        OutputFormat::Rhd => return vec![P::Rgb, P::Depth16, P::Mask],
        OutputFormat::Freihand => return vec![P::Rgb, P::Instance],
        OutputFormat::Yolo => return vec![P::Rgb, P::YoloText],
        OutputFormat::Loose | OutputFormat::Tar | OutputFormat::Coco => {}
    }
    let all = [
        (P::Rgb, output.rgb != RgbFormat::None),
        (P::Grey, output.grey),
        (P::Depth16, output.depth.has_png()),
        (P::DepthExr, output.depth.has_exr()),
        (P::Mask, output.mask),
        (P::Instance, output.instance),
    ];
    all.into_iter().filter(|(_, wanted)| *wanted).map(|(picture, _)| picture).collect()
}

impl Picture {
    fn kind(self) -> Option<PictureKind> {
        match self {
            P::Rgb => Some(PictureKind::Rgb),
            P::Grey => Some(PictureKind::Grey),
            P::Depth16 | P::DepthExr => Some(PictureKind::Depth),
            P::Mask => Some(PictureKind::Mask),
            P::Instance => Some(PictureKind::Instance),
            P::YoloText => None,
        }
    }
}

/// The pictures that one sample has.
pub(super) fn held(plan: &DatasetPlan, label: &SampleLabel) -> Vec<Picture> {
    let is_held = |picture: &Picture| picture.kind().is_none_or(|kind| !label.lacks.contains(&kind));
    pictures(plan).into_iter().filter(is_held).collect()
}

/// Pictures that the plan holds and a sample does not. Samples of other datasets may lack some where every picture is a file
/// of its own, but not all.
fn lacking(plan: &DatasetPlan, planes: Planes) -> Vec<PictureKind> {
    let all = [
        (PictureKind::Rgb, planes.rgb.is_some()),
        (PictureKind::Grey, planes.grey.is_some()),
        (PictureKind::Depth, planes.depth_z_m.is_some()),
        (PictureKind::Mask, planes.part.is_some()),
        (PictureKind::Instance, planes.instance.is_some()),
    ];
    let may_lack = |kind| match plan.output.format {
        OutputFormat::Loose | OutputFormat::Tar => true,
        OutputFormat::Coco => kind != PictureKind::Rgb,
        // FreiHAND's own evaluation pictures come without masks
        OutputFormat::Freihand => kind == PictureKind::Instance,
        OutputFormat::Rhd | OutputFormat::Yolo => false,
    };
    if plan.sources.is_empty() {
        return Vec::new();
    }
    let planned = pictures(plan);
    let is_planned = |kind| planned.iter().any(|picture| picture.kind() == Some(kind));
    let (held, lacking): (Vec<_>, Vec<_>) =
        all.into_iter().filter(|(kind, _)| is_planned(*kind)).partition(|(_, there)| *there);
    if held.is_empty() {
        return Vec::new();
    }
    lacking.into_iter().map(|(kind, _)| kind).filter(|kind| may_lack(*kind)).collect()
}

/// Path of a picture in the dataset's folder (in the tar file for tar).
pub(super) fn picture_path(plan: &DatasetPlan, split: usize, index: u64, picture: Picture) -> String {
    let name = plan.split_folder(split);
    let id = plan.sample_id(index);
    let rgb = plan.output.rgb.extension();
    match plan.output.format {
        OutputFormat::Loose => format!("{name}/{id}.{}", suffix(picture, rgb)),
        OutputFormat::Tar => format!("{id}.{}", suffix(picture, rgb)),
        OutputFormat::Coco => match picture {
            P::Rgb => format!("images/{name}/{id}.{rgb}"),
            P::Grey => format!("grey/{name}/{id}.png"),
            P::Depth16 => format!("depth/{name}/{id}.png"),
            P::DepthExr => format!("depth/{name}/{id}.exr"),
            P::Mask => format!("mask/{name}/{id}.png"),
            P::Instance => format!("instance/{name}/{id}.png"),
            P::YoloText => format!("labels/{name}/{id}.txt"),
        },
        OutputFormat::Yolo => match picture {
            P::YoloText => format!("labels/{name}/{id}.txt"),
            _ => format!("images/{name}/{id}.jpg"),
        },
        OutputFormat::Freihand => {
            let folder = if picture == P::Rgb { "rgb" } else { "mask" };
            format!("{name}/{folder}/{:08}.jpg", index - plan.split_start(split))
        }
        OutputFormat::Rhd => {
            let folder = match picture {
                P::Rgb => "color",
                P::Mask => "mask",
                _ => "depth",
            };
            format!("{}/{name}/{folder}/{:05}.png", rhd::ROOT, index - plan.split_start(split))
        }
    }
}

fn suffix(picture: Picture, rgb: &str) -> String {
    match picture {
        P::Rgb => format!("rgb.{rgb}"),
        P::Grey => "grey.png".into(),
        P::Depth16 => "depth.png".into(),
        P::DepthExr => "depth.exr".into(),
        P::Mask => "mask.png".into(),
        P::Instance => "instance.png".into(),
        P::YoloText => "txt".into(),
    }
}

/// Path of a sample's own label file; `None` where labels stand together in the shard's lines.
pub(super) fn label_path(plan: &DatasetPlan, split: usize, index: u64) -> Option<String> {
    let id = plan.sample_id(index);
    match plan.output.format {
        OutputFormat::Loose => Some(format!("{}/{id}.json", plan.splits[split].name)),
        OutputFormat::Tar => Some(format!("{id}.json")),
        OutputFormat::Coco | OutputFormat::Rhd | OutputFormat::Freihand | OutputFormat::Yolo => None,
    }
}

/// File contents of a rendered sample, ready to be written. Pure and slow: call it from many threads.
pub(super) fn encode_sample(plan: &DatasetPlan, sample: &Sample) -> Result<EncodedSample, SampleError> {
    let index = sample.index;
    let split = plan.split_of(index).ok_or(SampleError::BeyondPlan { index, total: plan.total() })?;
    let name = SampleName { index, id: &plan.sample_id(index), split: &plan.splits[split].name };
    encode(plan, SampleLabel::new(name, &sample.scene, &sample.labels, None), sample.into())
}

/// File contents of a sample that came from another dataset, under its new index.
pub(super) fn encode_stored(
    plan: &DatasetPlan,
    index: u64,
    mut label: SampleLabel,
    pictures: &Pictures,
) -> Result<EncodedSample, SampleError> {
    let split = plan.split_of(index).ok_or(SampleError::BeyondPlan { index, total: plan.total() })?;
    label.index = index;
    label.id = plan.sample_id(index);
    label.split.clone_from(&plan.splits[split].name);
    let made = match (&pictures.rgb, &pictures.rgb_jpeg) {
        (Some(rgb), None) if plan.output.writes_jpeg() => Some(encode::jpeg_rgb8(rgb, JPEG_QUALITY)?),
        _ => None,
    };
    let planes = Planes::from(pictures);
    encode(plan, label, Planes { rgb_jpeg: made.as_deref().or(planes.rgb_jpeg), ..planes })
}

impl OutputFormat {
    /// An error if the format cannot hold a sample, whatever its pictures.
    pub fn check(self, label: &SampleLabel) -> Result<(), SampleError> {
        match self {
            Self::Rhd => rhd::check(label),
            Self::Freihand => freihand::check(label),
            Self::Loose | Self::Tar | Self::Coco | Self::Yolo => Ok(()),
        }
    }
}

/// Quality of JPEG files made from pictures that were none.
const JPEG_QUALITY: u8 = 95;

fn encode(plan: &DatasetPlan, mut label: SampleLabel, planes: Planes) -> Result<EncodedSample, SampleError> {
    let (index, output) = (label.index, &plan.output);
    let split = plan.split_of(index).ok_or(SampleError::BeyondPlan { index, total: plan.total() })?;
    output.format.check(&label)?;
    label.lacks = lacking(plan, planes);
    let held = held(plan, &label);
    let has_depth16 = output.format != OutputFormat::Rhd && held.contains(&P::Depth16);
    label.depth_unit_m = has_depth16.then_some(output.depth_unit_m);
    if !label.is_finite() {
        return Err(SampleError::NotFinite);
    }
    check_sizes(&label, planes)?;
    let mut encoded = EncodedSample {
        index,
        members: Vec::new(),
        label_json: label.to_json().map_err(SampleError::Label)?,
        depth_saturated_px: 0,
        held: label.scene.as_ref().map_or_else(HeldCounts::default, HeldCounts::of),
    };
    for picture in held {
        let (bytes, saturated) = encode_picture(plan, &label, planes, picture)?;
        encoded.depth_saturated_px += saturated;
        encoded.members.push(Member { path: picture_path(plan, split, index, picture), bytes });
    }
    Ok(encoded)
}

fn check_sizes(label: &SampleLabel, planes: Planes) -> Result<(), SampleError> {
    let expected = (label.width, label.height);
    let sizes = [
        ("rgb", planes.rgb.map(|p| (p.width, p.height))),
        ("grey", planes.grey.map(|p| (p.width, p.height))),
        ("depth", planes.depth_z_m.map(|p| (p.width, p.height))),
        ("part", planes.part.map(|p| (p.width, p.height))),
        ("instance", planes.instance.map(|p| (p.width, p.height))),
    ];
    match sizes.into_iter().find_map(|(plane, found)| found.filter(|f| *f != expected).map(|f| (plane, f))) {
        Some((plane, found)) => Err(SampleError::Size { plane, found, expected }),
        None => Ok(()),
    }
}

fn encode_picture(
    plan: &DatasetPlan,
    label: &SampleLabel,
    planes: Planes,
    picture: Picture,
) -> Result<(Vec<u8>, u64), SampleError> {
    let lacks = |picture| SampleError::Lacks { picture };
    let bytes = match picture {
        P::Rgb => rgb(plan, planes)?,
        P::Grey => encode::png_grey8(planes.grey.ok_or(lacks("grey picture"))?)?,
        P::Depth16 => return Ok(depth16(plan, planes.depth_z_m.ok_or(lacks("depth"))?)?),
        P::DepthExr => encode::exr_depth(planes.depth_z_m.ok_or(lacks("depth"))?)?,
        P::Mask => encode::png_grey8(planes.part.ok_or(lacks("part mask"))?)?,
        P::YoloText => yolo::label_text(label).into_bytes(),
        P::Instance if plan.output.format == OutputFormat::Freihand => {
            freihand::mask(planes.instance.ok_or(lacks("instance mask"))?, planes.part)?
        }
        P::Instance => encode::png_grey8(planes.instance.ok_or(lacks("instance mask"))?)?,
    };
    Ok((bytes, 0))
}

/// The colour picture's file: a JPEG that is there is kept byte by byte.
fn rgb(plan: &DatasetPlan, planes: Planes) -> Result<Vec<u8>, SampleError> {
    let picture = planes.rgb.ok_or(SampleError::Lacks { picture: "colour picture" })?;
    if !plan.output.writes_jpeg() {
        return Ok(encode::png_rgb8(picture)?);
    }
    Ok(planes.rgb_jpeg.ok_or(SampleError::NoJpeg)?.to_vec())
}

fn depth16(plan: &DatasetPlan, depth: &Plane<f32>) -> Result<(Vec<u8>, u64), EncodeError> {
    if plan.output.format == OutputFormat::Rhd {
        let (picture, saturated) = rhd::depth_picture(depth);
        return Ok((encode::png_rgb8(&picture)?, saturated));
    }
    let (steps, saturated) = encode::depth_steps(depth, plan.output.depth_unit_m);
    Ok((encode::png_grey16(&steps)?, saturated))
}

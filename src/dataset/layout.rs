//! Where the files of a sample stand in each format, and what they hold.

use super::encode::{self, EncodeError};
use super::error::SampleError;
use super::label_json::{SampleLabel, SampleName};
use super::plan::DatasetPlan;
use super::rhd;
use super::sample::{EncodedSample, HeldCounts, Member, Sample};
use super::settings::{OutputFormat, RgbFormat};

/// A picture of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    Rgb,
    Grey,
    Depth16,
    DepthExr,
    Mask,
    Instance,
}

use Picture as P;

/// The pictures that a plan's samples have, in the order in which they are written.
pub(super) fn pictures(plan: &DatasetPlan) -> Vec<Picture> {
    let output = &plan.output;
    if output.format == OutputFormat::Rhd {
        return vec![P::Rgb, P::Depth16, P::Mask];
    }
    let all = [
        (P::Rgb, true),
        (P::Grey, output.grey),
        (P::Depth16, output.depth.has_png()),
        (P::DepthExr, output.depth.has_exr()),
        (P::Mask, output.mask),
        (P::Instance, output.instance),
    ];
    all.into_iter().filter(|(_, wanted)| *wanted).map(|(picture, _)| picture).collect()
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
        },
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
    }
}

/// Path of a sample's own label file; `None` where labels stand together in the shard's lines.
pub(super) fn label_path(plan: &DatasetPlan, split: usize, index: u64) -> Option<String> {
    let id = plan.sample_id(index);
    match plan.output.format {
        OutputFormat::Loose => Some(format!("{}/{id}.json", plan.splits[split].name)),
        OutputFormat::Tar => Some(format!("{id}.json")),
        OutputFormat::Coco | OutputFormat::Rhd => None,
    }
}

/// File contents of a sample, ready to be written. Pure and slow: call it from many threads.
pub(super) fn encode_sample(plan: &DatasetPlan, sample: &Sample) -> Result<EncodedSample, SampleError> {
    let index = sample.index;
    let split = plan.split_of(index).ok_or(SampleError::BeyondPlan { index, total: plan.total() })?;
    let output = &plan.output;
    if output.format == OutputFormat::Rhd {
        rhd::check(sample)?;
    }
    let unit_m = (output.format != OutputFormat::Rhd && output.depth.has_png()).then_some(output.depth_unit_m);
    let name = SampleName { index, id: &plan.sample_id(index), split: &plan.splits[split].name };
    let label = SampleLabel::new(name, &sample.scene, &sample.labels, unit_m);
    if !label.is_finite() {
        return Err(SampleError::NotFinite);
    }
    check_sizes(sample)?;
    let mut encoded = EncodedSample {
        index,
        members: Vec::new(),
        label_json: label.to_json().map_err(SampleError::Label)?,
        depth_saturated_px: 0,
        held: HeldCounts::of(&sample.scene),
    };
    for picture in pictures(plan) {
        let (bytes, saturated) = encode_picture(plan, sample, picture)?;
        encoded.depth_saturated_px += saturated;
        encoded.members.push(Member { path: picture_path(plan, split, index, picture), bytes });
    }
    Ok(encoded)
}

fn check_sizes(sample: &Sample) -> Result<(), SampleError> {
    let camera = &sample.scene.camera.intrinsics;
    let frame = &sample.frame;
    let mut sizes = vec![
        ("rgb", sample.rgb.width, sample.rgb.height),
        ("depth", frame.depth_z_m.width, frame.depth_z_m.height),
        ("part", frame.part.width, frame.part.height),
        ("instance", frame.instance.width, frame.instance.height),
    ];
    sizes.extend(sample.grey.as_ref().map(|grey| ("grey", grey.width, grey.height)));
    for (plane, width, height) in sizes {
        if (width, height) != (camera.width, camera.height) {
            let expected = (camera.width, camera.height);
            return Err(SampleError::Size { plane, found: (width, height), expected });
        }
    }
    Ok(())
}

fn encode_picture(plan: &DatasetPlan, sample: &Sample, picture: Picture) -> Result<(Vec<u8>, u64), SampleError> {
    let frame = &sample.frame;
    let bytes = match picture {
        P::Rgb => rgb(plan, sample)?,
        P::Grey => encode::png_grey8(sample.grey.as_ref().ok_or(SampleError::NoGrey)?)?,
        P::Depth16 => return Ok(depth16(plan, sample)?),
        P::DepthExr => encode::exr_depth(&frame.depth_z_m)?,
        P::Mask => encode::png_grey8(&frame.part)?,
        P::Instance => encode::png_grey8(&frame.instance)?,
    };
    Ok((bytes, 0))
}

fn rgb(plan: &DatasetPlan, sample: &Sample) -> Result<Vec<u8>, SampleError> {
    if plan.output.format == OutputFormat::Rhd || plan.output.rgb == RgbFormat::Png {
        return Ok(encode::png_rgb8(&sample.rgb)?);
    }
    sample.rgb_jpeg.clone().ok_or(SampleError::NoJpeg)
}

fn depth16(plan: &DatasetPlan, sample: &Sample) -> Result<(Vec<u8>, u64), EncodeError> {
    let depth = &sample.frame.depth_z_m;
    if plan.output.format == OutputFormat::Rhd {
        let (picture, saturated) = rhd::depth_picture(depth);
        return Ok((encode::png_rgb8(&picture)?, saturated));
    }
    let (steps, saturated) = encode::depth_steps(depth, plan.output.depth_unit_m);
    Ok((encode::png_grey16(&steps)?, saturated))
}

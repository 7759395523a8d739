//! What the user names as a source.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::{ChoiceArgs, TrackArgs};
use crate::cli::args::{Backend, SetArgs};
use crate::cli::generate::Job;
use crate::cli::talk::warn;
use crate::preset::{PresetError, load};
use crate::sequence::{PresetSettings, PresetSource, Source, StoredSettings, StoredSource, VideoInput, VideoSource};

/// Opens the source of a run.
pub(super) fn open(args: &TrackArgs) -> anyhow::Result<Box<dyn Source>> {
    check(&args.choice)?;
    if let Some(number) = camera(&args.source)? {
        return Ok(Box::new(VideoSource::open(&VideoInput::Camera(number), args.choice.fov_deg, args.choice.count)?));
    }
    let path = Path::new(&args.source);
    if path.is_dir() {
        return stored(path, &args.choice);
    }
    if path.is_file() && path.extension().is_none_or(|ending| ending != "toml") {
        return Ok(Box::new(VideoSource::open(
            &VideoInput::File(path.to_owned()),
            args.choice.fov_deg,
            args.choice.count,
        )?));
    }
    rendered(&args.source, &args.choice)
}

fn check(choice: &ChoiceArgs) -> anyhow::Result<()> {
    if !(choice.rate_hz > 0.0 && choice.rate_hz <= 10_000.0) {
        bail!("`--rate-hz {}`: legal is above 0, to 10000", choice.rate_hz);
    }
    if let Some(fov) = choice.fov_deg.filter(|fov| !(5.0..=170.0).contains(fov)) {
        bail!("`--fov-deg {fov}`: legal are 5 to 170");
    }
    if let Some(mm) = choice.stereo_mm.filter(|mm| !(1.0..=2000.0).contains(&mm.abs())) {
        bail!("`--stereo-mm {mm}`: legal are 1 to 2000, or -2000 to -1 for a camera on the left");
    }
    Ok(())
}

/// Number of a camera, if the source is one.
fn camera(source: &str) -> anyhow::Result<Option<u32>> {
    match source.strip_prefix("camera") {
        Some("") if !Path::new(source).exists() => Ok(Some(0)),
        Some(rest) => match rest.strip_prefix(':') {
            Some(number) => match number.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => bail!("`{source}`: `{number}` is no number of a camera\nhint: `camera:0` is the first one"),
            },
            None => Ok(None),
        },
        None => Ok(None),
    }
}

fn stored(dir: &Path, choice: &ChoiceArgs) -> anyhow::Result<Box<dyn Source>> {
    let reader = SetArgs { dir: dir.to_owned(), from: choice.from.clone() }.reader()?;
    for fault in reader.info().faults.iter().take(5) {
        warn(&fault.message);
    }
    let settings = StoredSettings {
        split: choice.split.clone(),
        count: choice.count,
        views: choice.views.clone(),
        rate_hz: choice.rate_hz,
        fov_deg: choice.fov_deg,
    };
    Ok(Box::new(StoredSource::new(reader, &settings)?))
}

fn rendered(name: &str, choice: &ChoiceArgs) -> anyhow::Result<Box<dyn Source>> {
    let loaded = match load(name, &choice.sets) {
        Ok(loaded) => loaded,
        Err(error) if is_unknown(&error) => {
            return Err(error).context(format!(
                "`{name}` is no source\nhint: legal are a dataset or folder of pictures, a video file, `camera`, and a preset"
            ));
        }
        Err(error) => return Err(error.into()),
    };
    loaded.warnings.iter().for_each(|warning| warn(warning));
    let Job { studio, sampler } = Job::new(&loaded.preset, Backend::default())?;
    let settings = PresetSettings {
        split: choice.split.clone(),
        count: choice.count,
        stereo_m: choice.stereo_mm.map(|mm| mm / 1000.0),
    };
    Ok(Box::new(PresetSource::new(studio, sampler, &loaded.preset, &stem(name), &settings)?))
}

fn is_unknown(error: &PresetError) -> bool {
    matches!(error, PresetError::Read { .. } | PresetError::UnknownName { .. })
}

/// Last part of a path without its ending.
pub(super) fn stem(path: &str) -> String {
    PathBuf::from(path).file_stem().unwrap_or("source".as_ref()).to_string_lossy().into_owned()
}

//! What the user names as a source.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::{ChoiceArgs, Given, TrackArgs};
use crate::cli::args::SetArgs;
use crate::cli::generate::{Job, renderer};
use crate::cli::talk::warn;
use crate::preset::{PresetError, load};
use crate::sequence::{PresetSettings, PresetSource, Source, StoredSettings, StoredSource, VideoInput, VideoSource};

/// What a source can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Camera(u32),
    Video,
    /// A dataset, or pictures.
    Folder,
    Preset,
}

/// Opens the source of a run.
pub(super) fn open(args: &TrackArgs) -> anyhow::Result<Box<dyn Source>> {
    let (choice, path) = (&args.choice, Path::new(&args.source));
    check(choice)?;
    let kind = Kind::of(&args.source)?;
    kind.refuse_what_goes_elsewhere(args)?;
    let video = |input| Ok(Box::new(VideoSource::open(&input, choice.fov_deg, choice.count)?) as Box<dyn Source>);
    match kind {
        Kind::Camera(number) => video(VideoInput::Camera(number)),
        Kind::Video => video(VideoInput::File(path.to_owned())),
        Kind::Folder => stored(path, args),
        Kind::Preset => rendered(&args.source, choice),
    }
}

impl Kind {
    fn of(source: &str) -> anyhow::Result<Self> {
        let path = Path::new(source);
        Ok(match camera(source)? {
            Some(number) => Self::Camera(number),
            None if path.is_dir() => Self::Folder,
            None if path.is_file() && path.extension().is_none_or(|ending| ending != "toml") => Self::Video,
            None => Self::Preset,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Camera(_) => "camera",
            Self::Video => "video",
            Self::Folder => "folder",
            Self::Preset => "preset",
        }
    }

    /// What is said of another kind of source would do nothing, and the user would not know.
    fn refuse_what_goes_elsewhere(self, args: &TrackArgs) -> anyhow::Result<()> {
        let choice = &args.choice;
        let (folder, preset) = (self == Self::Folder, self == Self::Preset);
        let options = [
            ("--from", choice.from.is_some(), folder, "it names the format of a dataset"),
            ("--split", choice.split.is_some(), folder || preset, "only datasets and presets have splits"),
            (
                "--views",
                !choice.views.is_empty(),
                folder,
                "it tells the cameras of a dataset apart; of a preset, `--stereo-mm` renders two",
            ),
            (
                "--rate-hz",
                choice.rate_hz.is_some(),
                folder,
                "it is for datasets and pictures; videos, cameras and presets have a rate of their own",
            ),
            (
                "--fov-deg",
                choice.fov_deg.is_some(),
                !preset,
                "a preset's cameras are known; `--set camera.` and its keys change them",
            ),
            (
                "--stereo-mm",
                choice.stereo_mm.is_some(),
                preset,
                "it places the second camera of a preset; of a dataset, `--views` names two cameras",
            ),
            ("--backend", choice.backend.is_some(), preset, "it draws the pictures of a preset; others have theirs"),
            ("--set", !choice.sets.is_empty(), preset, "it changes keys of a preset"),
            (
                "--given",
                args.given != Given::Nothing,
                folder || preset,
                "only labels say where hands are, and there are none",
            ),
        ];
        let wrong = options.into_iter().filter(|(_, is_given, fits, _)| *is_given && !fits);
        let faults: Vec<String> = wrong
            .map(|(name, _, _, hint)| {
                format!("`{name}` does not go with a {}: `{}`\nhint: {hint}", self.name(), args.source)
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
    }
}

fn check(choice: &ChoiceArgs) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    if let Some(rate_hz) = choice.rate_hz.filter(|rate| !(*rate > 0.0 && *rate <= 10_000.0)) {
        faults.push(format!("`--rate-hz {rate_hz}`: legal is above 0, to 10000"));
    }
    if let Some(fov) = choice.fov_deg.filter(|fov| !(5.0..=170.0).contains(fov)) {
        faults.push(format!("`--fov-deg {fov}`: legal are 5 to 170"));
    }
    if let Some(mm) = choice.stereo_mm.filter(|mm| !(1.0..=2000.0).contains(&mm.abs())) {
        faults.push(format!("`--stereo-mm {mm}`: legal are 1 to 2000, or -2000 to -1 for a camera on the left"));
    }
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
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

fn stored(dir: &Path, args: &TrackArgs) -> anyhow::Result<Box<dyn Source>> {
    let choice = &args.choice;
    let reader = SetArgs { dir: dir.to_owned(), from: choice.from.clone() }.reader()?;
    if reader.info().format == "pictures" && args.given != Given::Nothing {
        let hint = "only labels say where hands are, and pictures have none";
        bail!("`--given` does not go with a folder of pictures: `{}`\nhint: {hint}", dir.display());
    }
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
    let Job { studio, sampler } = Job::new(&loaded.preset, renderer(choice.backend.unwrap_or_default(), None)?)?;
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

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn said(args: &[&str]) -> String {
        let words = ["track", "model"].iter().chain(args);
        let matches = TrackArgs::augment_args(Command::new("track")).try_get_matches_from(words).unwrap();
        open(&TrackArgs::from_arg_matches(&matches).unwrap())
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default()
    }

    #[test]
    fn what_is_said_of_another_kind_of_source_is_refused_all_at_once() {
        let preset = said(&["quickstart", "--from", "coco", "--views", "a,b", "--rate-hz", "10", "--fov-deg", "60"]);
        for option in ["`--from`", "`--views`", "`--rate-hz`", "`--fov-deg`"] {
            assert!(preset.contains(&format!("{option} does not go with a preset: `quickstart`\nhint: ")), "{preset}");
        }
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let dataset =
            said(&[dir, "--stereo-mm", "60", "--set", "hands.count=2", "--split", "train", "--backend", "gpu"]);
        assert!(dataset.contains("`--stereo-mm` does not go with a folder") && dataset.contains("`--views` names two"));
        assert!(dataset.contains("`--backend` does not go with a folder"), "{dataset}");
        assert!(dataset.contains("`--set` does not go with a folder") && !dataset.contains("--split"), "{dataset}");
        let video = folder.path().join("hand.mp4");
        std::fs::write(&video, "no video").unwrap();
        let video = said(&[video.to_str().unwrap(), "--split", "test", "--given", "boxes", "--fov-deg", "60"]);
        assert!(
            video.contains("`--split` does not go with a video") && video.contains("`--given` does not go"),
            "{video}"
        );
        assert!(!video.contains("--fov-deg"), "{video}");
        assert!(said(&["camera:7", "--stereo-mm", "60"]).contains("`--stereo-mm` does not go with a camera"));
    }

    #[test]
    fn pictures_have_no_labels_to_be_given_and_a_folder_needs_some() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "of the day").unwrap();
        assert!(said(&[dir]).contains("no dataset is known"));
        let empty = said(&[dir, "--from", "pictures"]);
        assert!(empty.contains("no picture in this folder") && empty.contains("hint: "), "{empty}");
        image::RgbImage::from_pixel(16, 16, image::Rgb([9, 9, 9])).save(folder.path().join("a.png")).unwrap();
        assert_eq!(said(&[dir]), "");
        assert!(said(&[dir, "--given", "boxes"]).contains("`--given` does not go with a folder of pictures"));
    }
}

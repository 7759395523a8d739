//! Videos and cameras, decoded by the `ffmpeg` that the user has.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use super::{GUESSED_FOV_DEG, Moment, SequenceError, Source, SourceInfo, guessed_camera};
use crate::frame::Plane;
use crate::tracker::{Shot, View};

/// What `ffmpeg` is to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoInput {
    /// A file of any kind that `ffmpeg` knows; every frame is given.
    File(PathBuf),
    /// A camera by its number; only the newest frame is given.
    Camera(u32),
}

/// A video or camera.
pub struct VideoSource {
    info: SourceInfo,
    frames: Receiver<Plane<[u8; 3]>>,
    ffmpeg: Child,
    live: bool,
    started: Instant,
    rate_hz: f64,
    fov_deg: f32,
    next: u64,
    end: u64,
}

/// Size and rate, as `ffprobe` tells them.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stream {
    width: u32,
    height: u32,
    rate_hz: f64,
}

impl VideoInput {
    fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Camera(number) if cfg!(target_os = "linux") => PathBuf::from(format!("/dev/video{number}")),
            Self::Camera(number) => PathBuf::from(number.to_string()),
        }
    }

    /// What comes before the name of the input.
    fn device(&self) -> &'static [&'static str] {
        match self {
            Self::File(_) => &[],
            Self::Camera(_) if cfg!(target_os = "macos") => &["-f", "avfoundation"],
            Self::Camera(_) => &["-f", "v4l2"],
        }
    }
}

impl VideoSource {
    /// Starts to decode. `fov_deg` is the camera's horizontal field of view, degrees, if it is known; after `count` frames it ends.
    pub fn open(input: &VideoInput, fov_deg: Option<f32>, count: Option<u64>) -> Result<Self, SequenceError> {
        let path = input.path();
        if !path.exists() && (cfg!(target_os = "linux") || matches!(input, VideoInput::File(_))) {
            let hint = "a video file, or `camera` for the first camera of this machine";
            return Err(fault(&path, "is not there".into(), hint));
        }
        let stream = probe(input, &path)?;
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin"])
            .args(input.device())
            .arg("-i")
            .arg(&path)
            .args(["-an", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s"])
            .arg(format!("{}x{}", stream.width, stream.height))
            .arg("-")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| no_ffmpeg(&path, &e))?;
        let out = ffmpeg.stdout.take().ok_or_else(|| fault(&path, "ffmpeg has no output".into(), "try again"))?;
        let live = matches!(input, VideoInput::Camera(_));
        let fov = fov_deg.unwrap_or(GUESSED_FOV_DEG);
        let mut notes = Vec::new();
        if fov_deg.is_none() {
            notes.push(format!(
                "a horizontal field of view of {fov} degrees is assumed, so that points in space are right up to scale"
            ));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self {
            info: SourceInfo { name, count: None, notes },
            end: count.unwrap_or(u64::MAX),
            frames: frames(out, stream, if live { 1 } else { 4 }),
            ffmpeg,
            live,
            started: Instant::now(),
            rate_hz: stream.rate_hz,
            fov_deg: fov,
            next: 0,
        })
    }

    fn picture(&mut self) -> Option<Plane<[u8; 3]>> {
        let mut picture = self.frames.recv().ok()?;
        if self.live {
            // what waited while the last one was tracked is old
            while let Ok(newer) = self.frames.try_recv() {
                picture = newer;
            }
        }
        Some(picture)
    }
}

impl Source for VideoSource {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_moment(&mut self) -> Option<Result<Moment, SequenceError>> {
        if self.next >= self.end {
            return None;
        }
        let picture = self.picture()?;
        let index = self.next;
        self.next += 1;
        let time_s = if self.live { self.started.elapsed().as_secs_f64() } else { index as f64 / self.rate_hz };
        let camera = guessed_camera(picture.width, picture.height, self.fov_deg);
        let view = View { camera, calibrated: false, rgb: Some(picture), grey: None, depth_z_m: None };
        let shot = Shot { time_s, views: vec![view] };
        Some(Ok(Moment { shot, id: format!("{index:06}"), index, starts_clip: index == 0, truth: None }))
    }
}

impl Drop for VideoSource {
    fn drop(&mut self) {
        // it may have ended by itself
        self.ffmpeg.kill().ok();
        self.ffmpeg.wait().ok();
    }
}

/// Cuts the raw stream into pictures on a thread of its own; ends with the stream or with its listener.
fn frames(mut out: ChildStdout, stream: Stream, ahead: usize) -> Receiver<Plane<[u8; 3]>> {
    let (send, receive) = sync_channel(ahead);
    std::thread::spawn(move || {
        let mut bytes = vec![0; stream.width as usize * stream.height as usize * 3];
        while out.read_exact(&mut bytes).is_ok() {
            let data = bytes.as_chunks::<3>().0.to_vec();
            if send.send(Plane { width: stream.width, height: stream.height, data }).is_err() {
                break;
            }
        }
    });
    receive
}

fn probe(input: &VideoInput, path: &Path) -> Result<Stream, SequenceError> {
    let output = Command::new("ffprobe")
        .args(["-v", "error"])
        .args(input.device())
        .args(["-select_streams", "v:0", "-show_entries", "stream=width,height,avg_frame_rate", "-of", "json"])
        .arg(path)
        .output()
        .map_err(|e| no_ffmpeg(path, &e))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let stream = serde_json::from_slice(&output.stdout).ok().and_then(|json: serde_json::Value| stream(&json));
    stream.ok_or_else(|| {
        let why = said.lines().last().map_or("holds no video", str::trim).to_owned();
        fault(path, why, "legal are videos that ffmpeg reads, folders of pictures, datasets and presets")
    })
}

fn stream(json: &serde_json::Value) -> Option<Stream> {
    let stream = json.get("streams")?.get(0)?;
    let size = |key: &str| stream.get(key).and_then(serde_json::Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let (width, height) = (size("width")?, size("height")?);
    let (over, under) = stream.get("avg_frame_rate")?.as_str()?.split_once('/')?;
    let rate = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
    let rate_hz = if rate.is_finite() && rate > 0.0 { rate } else { 30.0 };
    (width > 0 && height > 0).then_some(Stream { width, height, rate_hz })
}

fn fault(path: &Path, why: String, hint: &str) -> SequenceError {
    SequenceError::Video { path: path.to_owned(), why, hint: hint.to_owned() }
}

fn no_ffmpeg(path: &Path, error: &std::io::Error) -> SequenceError {
    let hint = "videos and cameras are read through `ffmpeg` and `ffprobe`: install them, or give a folder of pictures";
    fault(path, format!("ffmpeg cannot be started ({error})"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_rate_come_from_the_probe() {
        let json = serde_json::json!({"streams": [{"width": 64, "height": 48, "avg_frame_rate": "30000/1001"}]});
        let found = stream(&json).unwrap();
        assert_eq!((found.width, found.height), (64, 48));
        assert!((found.rate_hz - 29.97).abs() < 0.001);
        let still = serde_json::json!({"streams": [{"width": 64, "height": 48, "avg_frame_rate": "0/0"}]});
        assert!((stream(&still).unwrap().rate_hz - 30.0).abs() < 1e-9);
        assert_eq!(stream(&serde_json::json!({"streams": []})), None);
    }

    #[test]
    fn a_video_that_is_not_there_is_named() {
        let input = VideoInput::File("no/such.mp4".into());
        let error = VideoSource::open(&input, None, None).err().unwrap().to_string();
        assert!(error.contains("no/such.mp4") && error.contains("hint:"), "{error}");
    }
}

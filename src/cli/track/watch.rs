//! The live view of a run.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::cli::talk::say;
use crate::dataset::HandRecord;
use crate::metrics::EvaluationSummary;
use crate::sequence::{Moment, SourceInfo};
use crate::tracker::{HandEstimate, Tracked, Tracker};
use crate::view::{HandView, Truth, ViewFrame, ViewServer, ViewSetup, picture};

/// Single pictures are shown so long.
const PICTURE: Duration = Duration::from_millis(700);
/// Moments farther apart are not waited for.
const LONGEST: Duration = Duration::from_secs(1);
/// A page that is opened gets this long before the first picture.
const OPENING: Duration = Duration::from_secs(20);

/// Shows moments at the pace in which they were taken.
pub(super) struct Watch {
    server: ViewServer,
    shown: Cell<u64>,
    last: Cell<Option<(Instant, f64)>>,
}

impl Watch {
    pub(super) fn start(port: u16, tracker: &Tracker, source: &SourceInfo) -> anyhow::Result<Self> {
        let setup = ViewSetup {
            source: source.name.clone(),
            model: tracker.model().spec().name.clone(),
            rig: tracker.rig().clone(),
        };
        let server = ViewServer::start((port > 0).then_some(port), &setup)?;
        say(&format!("open {} (it begins when the page is there)", server.url()));
        let begin = Instant::now();
        while !server.is_watched() && begin.elapsed() < OPENING && !super::stop::is_asked() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Self { server, shown: Cell::new(0), last: Cell::new(None) })
    }

    pub(super) fn show(&self, moment: &Moment, tracked: &Tracked) {
        self.keep_pace(moment);
        let view = &moment.shot.views[0];
        let hands: Vec<HandView> = tracked.hands.iter().map(|hand| hand_view(hand, moment)).collect();
        let error_mm = hands.iter().filter_map(error_mm).reduce(f32::max);
        self.server.publish(ViewFrame {
            number: self.shown.replace(self.shown.get() + 1),
            time_s: moment.shot.time_s,
            camera: view.camera,
            picture: picture(view),
            hands,
            error_mm,
            stages: tracked.times,
            lost: !tracked.lost.is_empty(),
        });
    }

    /// The page stays until the user ends the program.
    pub(super) fn stay(self, summary: &EvaluationSummary) {
        let text = |(name, value): (&str, Option<f64>)| Some((name.to_owned(), format!("{:.3}", value?)));
        let lines: Vec<(String, String)> = crate::evaluation::headlines(summary).into_iter().filter_map(text).collect();
        self.server.finish(&lines);
        say(&format!("{} stays until Ctrl-C", self.server.url()));
        while !super::stop::is_asked() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until as much time has passed as between the moments.
    fn keep_pace(&self, moment: &Moment) {
        let time_s = moment.shot.time_s;
        if let Some((shown, before_s)) = self.last.get() {
            let pause = if moment.starts_clip {
                PICTURE
            } else {
                Duration::try_from_secs_f64(time_s - before_s).unwrap_or_default().min(LONGEST)
            };
            std::thread::sleep(pause.saturating_sub(shown.elapsed()));
        }
        self.last.set(Some((Instant::now(), time_s)));
    }
}

/// With the true hand whose pixels are nearest.
fn hand_view(hand: &HandEstimate, moment: &Moment) -> HandView {
    let hands = moment.truth.as_ref().map_or(&[][..], |truth| &truth.hands);
    let nearest = hands.iter().filter_map(|truth| Some((gap_px(hand, truth)?, truth)));
    let truth = nearest
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, truth)| Truth { keypoints_px: truth.keypoints_px, keypoints_camera_m: truth.keypoints_camera_m });
    HandView { estimate: hand.clone(), truth }
}

/// Mean distance in the picture.
fn gap_px(hand: &HandEstimate, truth: &HandRecord) -> Option<f32> {
    mean(hand.keypoints_px.iter().zip(&truth.keypoints_px).filter_map(|(a, b)| Some((*a)?.distance((*b)?))))
}

fn error_mm(hand: &HandView) -> Option<f32> {
    let truth = hand.truth.as_ref()?;
    let pairs = hand.estimate.keypoints_camera_m.iter().zip(&truth.keypoints_camera_m);
    mean(pairs.filter_map(|(a, b)| Some((*a)?.distance((*b)?)))).map(|metres| metres * 1000.0)
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

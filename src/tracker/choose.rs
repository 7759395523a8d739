//! Which side a hand is, whether it is one at all, and the rig that is fitted to it.

use std::time::Instant;

use super::estimate::HandFit;
use super::follow::{Tracked, Tracker};
use super::look::{LEAST_KEYPOINTS, Look};
use super::refusal::Refusal;
use super::shot::Shot;
use super::side::{right_odds, right_odds_of};
use super::times::ms_since;
use super::track::Track;
use crate::rig::HandSide;

/// Probability of a side if nothing is seen of the other one.
const ONLY_ONE_SEEN: f32 = 0.9;

impl Tracker {
    /// Chooses the side, fits, and keeps what was seen if it is a hand.
    pub(super) fn accept(
        &mut self,
        shot: &Shot,
        track: &mut Track,
        looks: Vec<Look>,
        given: bool,
        tracked: &mut Tracked,
    ) -> bool {
        let start = Instant::now();
        let refusal = looks.iter().find_map(|look| self.refusal(shot, look));
        let looks = looks.into_iter().filter(|look| self.refusal(shot, look).is_none()).collect();
        let Some(mut look) = self.choose(shot, track, looks, given) else {
            tracked.refused.push(refusal.unwrap_or(Refusal::NothingThere));
            return false;
        };
        if !given && self.fitter.is_some() && look.raised.metric && look.residual_m() > self.settings.worst_fit_m {
            tracked.refused.push(Refusal::PoorFit);
            return false;
        }
        let fitted = ms_since(start);
        self.person.learn(&self.rig, &look.raised);
        let start = Instant::now();
        let (box_px, confidence) = (look.box_px, look.confidence());
        track.take(shot, &look.raised, box_px, confidence);
        tracked.times.smooth += ms_since(start);
        let start = Instant::now();
        if let Some(fitter) = &self.fitter {
            // what is shown is the fit to the smoothed keypoints, of the side that all shots speak for
            let side = track.last.side;
            let mut target = look.target(side);
            for (point, smooth) in target.points.iter_mut().zip(&track.last.keypoints_camera_m) {
                point.camera_m = smooth.filter(|_| point.camera_m.is_some());
            }
            let begin = look.fit.take().filter(|_| side == look.side);
            track.last.fit = fitter.fit(&target, &shot.views[0].camera, &self.person.shape, begin.as_ref());
        }
        tracked.times.fit += fitted + ms_since(start);
        true
    }

    /// Why what was seen is no hand; `None` if it may be one.
    fn refusal(&self, shot: &Shot, look: &Look) -> Option<Refusal> {
        let i = &shot.views[0].camera.intrinsics;
        let inside = |p: &glam::Vec2| p.x >= 0.0 && p.y >= 0.0 && p.x < i.width as f32 && p.y < i.height as f32;
        let seen = look.raised.px.iter().flatten().filter(|p| inside(p)).count();
        match (seen >= LEAST_KEYPOINTS, look.confidence() >= self.settings.least_confidence) {
            (true, true) => None,
            _ if look.is_broken => Some(Refusal::NoNumbers),
            (false, _) => Some(Refusal::FewKeypoints),
            (true, false) => Some(Refusal::Unsure),
        }
    }

    /// The look of the likelier side, fitted; the track remembers what spoke for it.
    fn choose(&self, shot: &Shot, track: &mut Track, mut looks: Vec<Look>, given: bool) -> Option<Look> {
        for look in &mut looks {
            look.fit = self.fitted(shot, track, look, look.side);
        }
        if self.model.spec().side.is_some() {
            return choose_mirrored(track, looks, given);
        }
        // one look: the network knows both sides, and says which, or the fit tells
        let mut look = looks.into_iter().next()?;
        let odds = match (look.said, &self.fitter) {
            (Some((side, probability)), _) => Some(right_odds_of(side, probability)),
            (None, Some(fitter)) if track.settled().is_none() => {
                let fits = fitter.fit_both_sides(&look.target(look.side), &shot.views[0].camera, &self.person.shape);
                fits.better().map(|(side, probability, _)| right_odds_of(side, probability))
            }
            _ => None,
        };
        if let Some(odds) = odds {
            track.belief.hear(odds);
        }
        let (side, _) = track.belief.side();
        if side != look.side {
            look.fit = self.fitted(shot, track, &look, side);
            look.side = side;
        }
        Some(look)
    }

    fn fitted(&self, shot: &Shot, track: &Track, look: &Look, side: HandSide) -> Option<HandFit> {
        let fitter = self.fitter.as_ref()?;
        fitter.fit(&look.target(side), &shot.views[0].camera, &self.person.shape, track.last_fit(side))
    }
}

/// The look of the likelier side of a model that knows one; the track remembers what spoke for it. `given`: somebody may have said
/// which side it is.
fn choose_mirrored(track: &mut Track, mut looks: Vec<Look>, given: bool) -> Option<Look> {
    match looks.as_slice() {
        [a, b] => {
            let (right, left) = if a.side == HandSide::Right { (a, b) } else { (b, a) };
            track.belief.hear(right_odds(&right.evidence(), &left.evidence()));
        }
        [only] => {
            if track.settled().is_none() {
                track.belief.hear(right_odds_of(only.side, ONLY_ONE_SEEN));
            } else if let Some(odds) = only.evidence().said.filter(|_| !given) {
                track.belief.doubt(odds);
            }
        }
        _ => {}
    }
    let (side, _) = track.belief.side();
    let best = looks.iter().position(|look| look.side == side).unwrap_or(0);
    (best < looks.len()).then(|| looks.swap_remove(best))
}

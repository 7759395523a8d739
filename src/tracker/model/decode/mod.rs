//! From a network's numbers to keypoints, one file per family of outputs.

mod maps;
mod points;
mod votes;

use glam::{Vec2, Vec3};

use super::Prediction;
use super::output_spec::{Activation, Cells, OutputKind, OutputSpec, PixelUnit, SideScore, ZUnit};
use super::outputs::{Outputs, softmax};
use super::spec::InputSpec;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::tracker::patch::Patch;

/// One joint as a network gives it: pixels of the patch from the corner, z in the network's unit; and trust in it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct JointFound {
    place: Vec3,
    confidence: f32,
}

/// What decoders need to know.
struct Context<'a> {
    outputs: &'a Outputs<'a>,
    spec: &'a OutputSpec,
    input: &'a InputSpec,
    patches: &'a [Patch],
    /// Sets of joints in the outputs: patches if each has its own, else hands. Those of a filled-up batch are more than `patches`.
    items: usize,
}

/// Joints of one item, in the network's order.
type Joints = Vec<JointFound>;

/// Predictions for each set of joints in the outputs; `None` if an output does not fit, which `outputs` then knows.
pub(super) fn decode(
    outputs: &Outputs,
    spec: &OutputSpec,
    input: &InputSpec,
    patches: &[Patch],
    hands: usize,
) -> Option<Vec<Prediction>> {
    let views = input.views();
    let items = if spec.per_view { hands * views } else { hands };
    let context = Context { outputs, spec, input, patches, items };
    let joints = context.joints();
    let confidence = asked(context.spec.confidence.as_ref(), |score| {
        let words = format!("[N, {}] for N = {items}", spec.joints.count);
        outputs.scores(score, items * spec.joints.count, &words)
    });
    let presence = asked(spec.presence.as_ref(), |score| outputs.scores(score, hands, "[N]"));
    let sides = asked(spec.side.as_ref(), |side| read_sides(outputs, side, hands));
    // all outputs were looked at, so that all that does not fit is known
    let (joints, confidence) = (joints?, confidence.ok()?);
    let (presence, sides) = (presence.ok()?, sides.ok()?);
    let per_hand = items / hands.max(1);
    let predict = |(item, joints): (usize, Joints)| {
        let hand = item / per_hand.max(1);
        let trust = confidence.as_ref().and_then(|c| c.chunks(spec.joints.count).nth(item));
        let mirrored = patches.get(hand * views).is_some_and(|patch| patch.mirrored);
        let side = sides.as_ref().and_then(|sides| sides.get(hand).copied().flatten());
        let told = presence.as_ref().and_then(|p| p.get(hand).copied());
        let presence = told.filter(|p| p.is_finite());
        let mut prediction =
            Prediction { presence, side: side.map(|s| seen(s, mirrored)), ..context.prediction(&joints, trust) };
        let whole = context.is_whole(&prediction) && presence == told && side.is_some() == sides.is_some();
        if !whole {
            prediction.broken_outputs = outputs.not_finite(hand, hands);
        }
        prediction
    };
    Some(joints.into_iter().enumerate().map(predict).collect())
}

/// An output that was asked for does not fit.
struct Misfit;

/// What a description may leave out; `None` if it does.
fn asked<N, T>(name: Option<N>, read: impl FnOnce(N) -> Option<T>) -> Result<Option<T>, Misfit> {
    name.map(|name| read(name).ok_or(Misfit)).transpose()
}

/// The side of the hand itself, of which a mirrored patch shows the other one.
fn seen((side, probability): (HandSide, f32), mirrored: bool) -> (HandSide, f32) {
    (if mirrored { other(side) } else { side }, probability)
}

fn other(side: HandSide) -> HandSide {
    if side == HandSide::Left { HandSide::Right } else { HandSide::Left }
}

/// The likelier side and its probability, for each hand.
fn read_sides(outputs: &Outputs, side: &SideScore, hands: usize) -> Option<Vec<Option<(HandSide, f32)>>> {
    let (numbers, each) = outputs.one_or_two(&side.score.tensor, hands)?;
    let read = |numbers: &[f32]| {
        let mut two = [numbers.first().copied()?, numbers.get(1).copied().unwrap_or(0.0)];
        let first = match (side.score.activation, each) {
            (Activation::Softmax, 2) => {
                softmax(&mut two, 1.0);
                two[0]
            }
            (activation, 1) => super::outputs::probability(two[0], activation),
            (activation, _) => {
                let [a, b] = two.map(|x| super::outputs::probability(x, activation));
                a / (a + b)
            }
        };
        let likelier = if first >= 0.5 { (side.first, first) } else { (other(side.first), 1.0 - first) };
        likelier.1.is_finite().then_some(likelier)
    };
    Some(numbers.chunks(each).map(read).collect())
}

impl Context<'_> {
    /// Joints of all items.
    fn joints(&self) -> Option<Vec<Joints>> {
        match &self.spec.kind {
            OutputKind::Coordinates { tensor, unit } => points::coordinates(self, tensor.as_deref(), *unit),
            OutputKind::SimCc { x, y, z, maps } => maps::sim_cc(self, [Some(x), Some(y), z.as_ref()], *maps),
            OutputKind::Heatmaps { tensor, depth, maps } => {
                maps::heatmaps(self, tensor.as_deref(), depth.as_deref(), *maps)
            }
            OutputKind::Volumes { tensor, maps } => maps::volumes(self, tensor.as_deref(), *maps),
            OutputKind::Offsets { weights, offsets, from_surface, maps } => {
                votes::offsets(self, weights, offsets, *from_surface, *maps)
            }
            OutputKind::Anchors { .. } => votes::anchors(self, &self.spec.kind),
        }
    }

    /// Whether every keypoint is there that the network gives.
    fn is_whole(&self, prediction: &Prediction) -> bool {
        self.spec.joints.places.iter().zip(&prediction.keypoints).all(|(place, p)| place.is_none() || p.is_some())
    }

    /// Columns and rows of the patch.
    fn extent(&self) -> Vec2 {
        Vec2::new(self.input.width as f32, self.input.height as f32)
    }

    /// Joints in our order and units; what is not finite is not there.
    fn prediction(&self, joints: &[JointFound], trust: Option<&[f32]>) -> Prediction {
        let mut prediction = Prediction::nothing();
        for keypoint in 0..LANDMARK_COUNT {
            let found = self.spec.joints.places[keypoint].and_then(|place| Some((place, joints.get(place)?)));
            let Some((place, joint)) = found else { continue };
            let confidence = trust.and_then(|t| t.get(place).copied()).unwrap_or(joint.confidence);
            let z = if self.spec.z == ZUnit::None { 0.0 } else { joint.place.z * self.spec.z_scale };
            let point = joint.place.truncate().extend(z);
            if point.is_finite() && confidence.is_finite() {
                prediction.keypoints[keypoint] = Some(point);
                prediction.confidence[keypoint] = confidence.clamp(0.0, 1.0);
            }
        }
        prediction
    }
}

/// A network's numbers as pixels of the patch.
fn in_pixels(p: Vec2, unit: PixelUnit, extent: Vec2) -> Vec2 {
    match unit {
        PixelUnit::Crop => p * extent,
        PixelUnit::Symmetric => (p + 1.0) / 2.0 * extent,
        PixelUnit::Pixels => p,
        PixelUnit::PixelCentres => p + 0.5,
    }
}

/// Pixel of the patch at cell k (which may lie between cells) of n, along an axis of some length.
fn cell_to_pixel(k: f32, n: usize, extent: f32, cells: Cells) -> f32 {
    match cells {
        Cells::Centres => (k + 0.5) / n as f32 * extent,
        Cells::Strides => k / n as f32 * extent + 0.5,
        Cells::Ends => k / (n.max(2) - 1) as f32 * extent,
    }
}

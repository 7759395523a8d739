//! From a network's answers in patches to keypoints in the picture and in space.

use glam::{Vec2, Vec3};

use super::fit::bone_lengths_m;
use super::lift::{DepthLift, place_relative_depth, triangulate_hand};
use super::model::{ModelSpec, Prediction, ZUnit};
use super::patch::Patch;
use super::shot::{Shot, View};
use crate::camera::Camera;
use crate::rig::{HandShape, LANDMARK_COUNT, Rig};

/// Rounds in which depth told in widths of the crop, which are known only at a depth, is settled.
const ROUNDS: usize = 6;
/// Where these rounds begin, metres.
const USUAL_DEPTH_M: f32 = 0.5;
/// Triangulated keypoints are seen this far from their pixels at most, over the patch's width in the picture.
const WORST_RESIDUAL: f32 = 0.08;

/// Keypoints of one hand in one shot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raised {
    /// First view, pixels.
    pub(super) px: [Option<Vec2>; LANDMARK_COUNT],
    /// First camera's frame, metres.
    pub(super) camera_m: [Option<Vec3>; LANDMARK_COUNT],
    /// 0 to 1.
    pub(super) confidence: [f32; LANDMARK_COUNT],
    /// False if points are only known up to scale, or not at all.
    pub(super) metric: bool,
    /// Pixels of the other views.
    pub(super) others_px: Vec<[Option<Vec2>; LANDMARK_COUNT]>,
}

/// What keypoints are raised with.
pub(super) struct Raiser<'a> {
    pub(super) rig: &'a Rig,
    pub(super) shape: &'a HandShape,
    pub(super) spec: &'a ModelSpec,
    pub(super) shot: &'a Shot,
}

impl Raiser<'_> {
    /// Keypoints from the predictions of one hand: one for every patch, or one for both patches of a stereo model.
    pub(super) fn raise(&self, predictions: &[Prediction], patches: &[Patch]) -> Raised {
        let view = &self.shot.views[0];
        let (prediction, patch) = (&predictions[0], &patches[0]);
        let px = in_picture(prediction, patch);
        let mut raised = Raised {
            px,
            camera_m: [None; LANDMARK_COUNT],
            confidence: prediction.confidence,
            metric: view.calibrated,
            others_px: predictions.iter().zip(patches).skip(1).map(|(p, patch)| in_picture(p, patch)).collect(),
        };
        let z = |k: usize| prediction.keypoints[k].map(|p| p.z);
        match self.spec.output.z {
            _ if !raised.others_px.is_empty() => self.triangulate(predictions, patches, &mut raised),
            ZUnit::HalfCubes => {
                raised.camera_m = std::array::from_fn(|k| patch.to_camera(&view.camera, prediction.keypoints[k]?));
            }
            ZUnit::Metres => {
                raised.camera_m = std::array::from_fn(|k| Some(view.camera.unproject(px[k]?, z(k)?)));
            }
            ZUnit::MetresFromRoot(_) => self.place(std::array::from_fn(z), &mut raised),
            ZUnit::HandSizesFromRoot(_) => {
                let size_m = bone_lengths_m(self.rig, self.shape)[MIDDLE_MCP];
                self.place(std::array::from_fn(|k| z(k).map(|z| z * size_m)), &mut raised);
            }
            ZUnit::CropWidthsFromRoot(root) => self.place_by_crop(root, &z, patch, &mut raised),
            ZUnit::Disparity => self.by_disparity(prediction, patches, &mut raised),
            ZUnit::None => self.look_up(view, &mut raised),
        }
        raised
    }

    fn triangulate(&self, predictions: &[Prediction], patches: &[Patch], raised: &mut Raised) {
        let mut pixels = vec![raised.px];
        pixels.extend(&raised.others_px);
        let trust: Vec<_> = predictions.iter().map(|p| p.confidence).collect();
        self.meet(&pixels, &trust, patches[0].box_px()[2], raised);
    }

    fn meet(
        &self,
        pixels: &[[Option<Vec2>; LANDMARK_COUNT]],
        trust: &[[f32; LANDMARK_COUNT]],
        width_px: f32,
        raised: &mut Raised,
    ) {
        let cameras: Vec<Camera> = self.shot.views.iter().map(|view| view.camera).collect();
        let found = triangulate_hand(&cameras, pixels, trust);
        let good = |k: usize| found[k].filter(|t| t.residual_px < WORST_RESIDUAL * width_px).map(|t| t.point_m);
        raised.camera_m = std::array::from_fn(good);
        raised.metric = self.shot.views.iter().all(|view| view.calibrated);
    }

    /// The second view sees the joint as many columns further left.
    fn by_disparity(&self, prediction: &Prediction, patches: &[Patch], raised: &mut Raised) {
        let Some(right) = patches.get(1) else { return };
        let other = |k: usize| {
            let p = prediction.keypoints[k]?;
            Some(right.to_picture(Vec2::new(p.x - p.z, p.y)))
        };
        let pixels = [raised.px, std::array::from_fn(other)];
        self.meet(&pixels, &[prediction.confidence; 2], patches[0].box_px()[2], raised);
        raised.others_px = vec![pixels[1]];
    }

    /// Bones of known length tell how far the root is.
    fn place(&self, relative_z_m: [Option<f32>; LANDMARK_COUNT], raised: &mut Raised) {
        let bones_m = bone_lengths_m(self.rig, self.shape).map(Some);
        let camera = &self.shot.views[0].camera;
        let placed = place_relative_depth(&raised.px, &relative_z_m, &bones_m, &raised.confidence, camera);
        raised.camera_m = placed.unwrap_or([None; LANDMARK_COUNT]);
        // as metric as the bones are this person's
        raised.metric = false;
    }

    fn place_by_crop(&self, root: usize, z: &dyn Fn(usize) -> Option<f32>, patch: &Patch, raised: &mut Raised) {
        let crop_width = patch.box_px()[2] / self.shot.views[0].camera.intrinsics.fx;
        let mut depth_m = USUAL_DEPTH_M;
        for _ in 0..ROUNDS {
            self.place(std::array::from_fn(|k| z(k).map(|z| z * crop_width * depth_m)), raised);
            let Some(found) = raised.camera_m[root] else { return };
            depth_m = found.z;
        }
    }

    /// Without any depth of its own a model's pixels are looked up in a depth picture, if there is one.
    fn look_up(&self, view: &View, raised: &mut Raised) {
        match &view.depth_z_m {
            Some(depth) => {
                raised.camera_m = DepthLift::new(self.rig, self.shape).lift(depth, &view.camera, &raised.px);
            }
            None => raised.metric = false,
        }
    }
}

/// Landmark of the middle finger's MCP.
const MIDDLE_MCP: usize = 9;

fn in_picture(prediction: &Prediction, patch: &Patch) -> [Option<Vec2>; LANDMARK_COUNT] {
    prediction.keypoints.map(|p| p.map(|p| patch.to_picture(p.truncate())))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::assets::Assets;
    use crate::camera::{Intrinsics, Lens};
    use crate::frame::Plane;
    use crate::math::RigidTransform;
    use crate::tracker::patch::Region;

    #[test]
    fn columns_between_two_views_are_depth() {
        let text = "[input]\nkind = \"stereo_grey\"\nwidth = 64\nheight = 64\n[output]\nkind = \"coordinates\"\nz = \"disparity_px\"\n";
        let spec = ModelSpec::parse(text, Path::new("model.toml")).unwrap();
        let intrinsics = Intrinsics { width: 640, height: 480, fx: 500.0, fy: 500.0, cx: 320.0, cy: 240.0 };
        let view = |right_m: f32| View {
            camera: Camera {
                intrinsics,
                lens: Lens::Pinhole,
                camera_from_world: RigidTransform::new(glam::Quat::IDENTITY, Vec3::new(-right_m, 0.0, 0.0)),
            },
            calibrated: true,
            rgb: None,
            grey: Some(Plane::filled(640, 480, 0)),
            depth_z_m: None,
        };
        let shot = Shot { time_s: 0.0, views: vec![view(0.0), view(0.06)] };
        // 21 points of a plane that leans back; the second patch is cut 50 pixels further left
        let truth: [Vec3; LANDMARK_COUNT] = std::array::from_fn(|k| {
            Vec3::new(0.02 * (k % 5) as f32 - 0.04, 0.02 * (k / 5) as f32 - 0.04, 0.5 + 0.01 * k as f32)
        });
        let patch = |view: usize, left: f32| {
            let region = Region::around_box([left, 150.0, 200.0, 200.0], 1.0, 64, 64);
            Patch::grey(&shot.views[view], &region, 64, 64, false).unwrap()
        };
        let patches = [patch(0, 230.0), patch(1, 180.0)];
        let seen = |view: usize, p: Vec3| {
            let camera = &shot.views[view].camera;
            patches[view].from_picture(camera.project(camera.camera_from_world.point(p)).unwrap())
        };
        let mut prediction = Prediction::nothing();
        for (k, p) in truth.iter().enumerate() {
            let (left, right) = (seen(0, *p), seen(1, *p));
            assert!((left.y - right.y).abs() < 1e-3);
            prediction.keypoints[k] = Some(left.extend(left.x - right.x));
            prediction.confidence[k] = 1.0;
        }
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let shape = HandShape(vec![0.0; rig.shapes.len()]);
        let raised = Raiser { rig: &rig, shape: &shape, spec: &spec, shot: &shot }.raise(&[prediction], &patches);
        assert!(raised.metric && raised.others_px.len() == 1);
        for (found, p) in raised.camera_m.iter().zip(&truth) {
            assert!(found.unwrap().distance(*p) < 1e-4, "{found:?} {p}");
        }
    }
}

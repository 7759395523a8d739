//! Where a hand is sought in a shot, and the patches that are cut there.

use glam::{Vec2, Vec3};

use super::model::{InputKind, ModelSpec};
use super::patch::{Patch, Pixels, Region};
use super::shot::{Shot, View};
use crate::crop::{self, CropSettings};
use crate::rig::HandSide;

/// Longest edge of a box over the picture's that is still a hand's.
const LARGEST: f32 = 3.0;

/// Where a hand is sought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// Box around it in each view: left, top, width, height, pixels; fewer than there are views if nobody knows.
    pub boxes_px: Vec<[f32; 4]>,
    /// Middle of the hand, first camera's frame, metres.
    pub centre_m: Option<Vec3>,
    /// Keypoints of each view as they were last seen, for turned patches; may be empty.
    pub points_px: Vec<Vec<Vec2>>,
    /// From wrist to middle MCP in each view; may be empty.
    pub up: Vec<Vec2>,
    /// Left or right, if that is known.
    pub side: Option<HandSide>,
}

impl Place {
    /// A box in the first view.
    pub fn in_box(box_px: [f32; 4], side: Option<HandSide>) -> Self {
        Self { boxes_px: vec![box_px], side, ..Self::default() }
    }

    /// Around a point of space.
    pub fn around(centre_m: Vec3) -> Self {
        Self { centre_m: Some(centre_m), ..Self::default() }
    }

    /// The whole picture of every view.
    pub fn everywhere(shot: &Shot) -> Self {
        let whole = |view: &View| {
            let i = &view.camera.intrinsics;
            [0.0, 0.0, i.width as f32, i.height as f32]
        };
        Self { boxes_px: shot.views.iter().map(whole).collect(), ..Self::default() }
    }

    /// One patch for every view that the model looks at; `None` if it cannot be cut: the place is behind the camera or
    /// far outside, or the cube holds no depth.
    pub(super) fn patches(&self, shot: &Shot, spec: &ModelSpec, mirrored: bool) -> Option<Vec<Patch>> {
        if spec.input.kind == InputKind::Depth {
            return Some(vec![self.cube(&shot.views[0], &spec.cube(), mirrored)?]);
        }
        let mut regions = self.regions(shot, spec)?;
        if let (InputKind::StereoGrey, [first, second]) = (spec.input.kind, regions.as_mut_slice()) {
            // pairs are rectified: the same rows at the same scale
            let middle = second.centre_px - first.centre_px;
            let along = first.up.perp() * middle.dot(first.up.perp());
            *second = Region { centre_px: first.centre_px + along, ..*first };
        }
        regions.iter().zip(&shot.views).map(|(region, view)| spec.cut(view, region, mirrored)).collect()
    }

    /// One region per view that the model looks at. A model of one picture looks at the first view alone where the place is not in
    /// all of them; a stereo model cannot.
    fn regions(&self, shot: &Shot, spec: &ModelSpec) -> Option<Vec<Region>> {
        let views = shot.views.iter().enumerate().take(views_seen(shot, spec));
        let mut found: Vec<Option<Region>> = views.map(|(number, view)| self.region(number, view, spec)).collect();
        if spec.input.kind != InputKind::StereoGrey && found.iter().any(Option::is_none) {
            found.truncate(1);
        }
        found.into_iter().collect()
    }

    /// The cube around the points that are near, so that it sits on the hand as when networks are trained.
    fn cube(&self, view: &View, settings: &CropSettings, mirrored: bool) -> Option<Patch> {
        let depth = view.depth_z_m.as_ref()?;
        let start_m = self.centre_m.or_else(|| self.in_depth(view, settings))?;
        let centre_m = crop::refined(depth, &view.camera, start_m, settings);
        let patch = Patch::depth(view, centre_m, settings, mirrored)?;
        holds_something(&patch).then_some(patch)
    }

    /// Middle of the nearest points inside the first view's box.
    fn in_depth(&self, view: &View, settings: &CropSettings) -> Option<Vec3> {
        let [left, top, w, h] = *self.boxes_px.first()?;
        let mut inside = view.depth_z_m.clone()?;
        let columns = inside.width;
        for (k, z) in inside.data.iter_mut().enumerate() {
            let (x, y) = ((k as u32 % columns) as f32 + 0.5, (k as u32 / columns) as f32 + 0.5);
            if !(x >= left && x < left + w && y >= top && y < top + h) {
                *z = crate::frame::NO_DEPTH;
            }
        }
        crop::nearest_thing(&inside, &view.camera, settings)
    }

    fn region(&self, number: usize, view: &View, spec: &ModelSpec) -> Option<Region> {
        let (width, height, scale) = (spec.input.width, spec.input.height, spec.crop.box_scale);
        let i = &view.camera.intrinsics;
        let region = match (self.points_px.get(number), self.up.get(number)) {
            (Some(points), up) if !points.is_empty() => {
                let up = up.copied().filter(|_| spec.crop.rotate).unwrap_or(Vec2::ZERO);
                Region::around_points(points, up, scale, width, height)?
            }
            _ => Region::around_box(*self.boxes_px.get(number).or(self.boxes_px.first())?, scale, width, height),
        };
        let picture = Vec2::new(i.width as f32, i.height as f32);
        let near = region.centre_px.cmpge(-picture * 0.1).all() && region.centre_px.cmple(picture * 1.1).all();
        (near && region.width_px > 4.0 && region.width_px < LARGEST * picture.max_element()).then_some(region)
    }
}

/// False for a cube without any depth.
fn holds_something(patch: &Patch) -> bool {
    match &patch.pixels {
        Pixels::Depth(cube) => cube.data.iter().any(|z| *z < 1.0),
        _ => true,
    }
}

/// Views whose patches the model sees: both of a stereo model, all for a model of one picture, whose answers are then
/// triangulated.
pub(super) fn views_seen(shot: &Shot, spec: &ModelSpec) -> usize {
    match spec.input.kind {
        InputKind::Depth => 1,
        InputKind::StereoGrey => 2,
        InputKind::Colour | InputKind::Grey => shot.views.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::camera::{Camera, Intrinsics, Lens};
    use crate::frame::Plane;
    use crate::math::RigidTransform;

    fn spec(kind: &str) -> ModelSpec {
        let text = format!("[input]\nkind = \"{kind}\"\nwidth = 64\nheight = 64\n[output]\nkind = \"coordinates\"\n");
        ModelSpec::parse(&text, Path::new("model.toml")).unwrap()
    }

    fn shot() -> Shot {
        let intrinsics = Intrinsics { width: 320, height: 240, fx: 300.0, fy: 300.0, cx: 160.0, cy: 120.0 };
        let view = || View {
            camera: Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY },
            calibrated: true,
            rgb: Some(Plane::filled(320, 240, [0; 3])),
            grey: None,
            depth_z_m: None,
        };
        Shot { time_s: 0.0, views: vec![view(), view()] }
    }

    #[test]
    fn patches_of_a_stereo_model_share_their_rows_and_scale() {
        // the second view sees it 40 pixels further left, in a box of another size that is 6 rows lower
        let boxes_px = vec![[100.0, 80.0, 60.0, 60.0], [64.0, 90.0, 52.0, 52.0]];
        let place = Place { boxes_px, ..Place::default() };
        let patches = place.patches(&shot(), &spec("stereo_grey"), false).unwrap();
        let [[left, top, w, h], [second, same_top, same_w, same_h]] = [patches[0].box_px(), patches[1].box_px()];
        assert!((top - same_top).abs() < 1e-3 && (w - same_w).abs() < 1e-3 && (h - same_h).abs() < 1e-3);
        assert!((left - second - 40.0).abs() < 1e-3, "{left} {second}");
    }

    #[test]
    fn a_place_outside_one_view_is_looked_at_in_the_first_alone_or_not_at_all() {
        let boxes_px = vec![[100.0, 80.0, 60.0, 60.0], [-900.0, 80.0, 60.0, 60.0]];
        let place = Place { boxes_px, ..Place::default() };
        assert_eq!(place.patches(&shot(), &spec("grey"), false).unwrap().len(), 1);
        assert!(place.patches(&shot(), &spec("stereo_grey"), false).is_none());
        let both = Place { boxes_px: vec![place.boxes_px[0]; 2], ..Place::default() };
        assert_eq!(both.patches(&shot(), &spec("grey"), false).unwrap().len(), 2);
    }
}

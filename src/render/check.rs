//! What every backend asks of a scene before it draws.

use super::geometry::{self, MAX_TRIANGLES};
use super::{MAX_SIDE_PX, RenderError};
use crate::backdrop::Backdrop;
use crate::posed::{PosedHand, PosedScene};
use crate::solid::SolidMesh;

/// Hands whose bodies fit a byte.
const MAX_HANDS: usize = 255 / geometry::BODIES as usize;

/// What cannot be drawn is an error before anything is.
pub(super) fn check(posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<(), RenderError> {
    let size = &posed.scene.camera.intrinsics;
    let (width, height) = (size.width, size.height);
    if !(1..=MAX_SIDE_PX).contains(&width) || !(1..=MAX_SIDE_PX).contains(&height) {
        return Err(RenderError::PictureSize { width, height });
    }
    let pixels = &backdrop.pixels;
    let complete = pixels.data.len() == width as usize * height as usize;
    if [pixels.width, pixels.height] != [width, height] || !complete {
        let found = [pixels.width, pixels.height];
        return Err(RenderError::BackdropSize { expected: [width, height], found });
    }
    if posed.hands.len() > MAX_HANDS {
        return Err(RenderError::TooMany { what: "hands", found: posed.hands.len(), limit: MAX_HANDS });
    }
    let (found, limit) =
        (posed.solids.len() + posed.gloves.len(), 255 - posed.hands.len() * usize::from(geometry::BODIES));
    if found > limit {
        return Err(RenderError::TooMany { what: "solids", found, limit });
    }
    let of_hands = posed.hands.iter().map(|h| h.positions_m.len().max(h.rig.mesh.triangles.len()));
    let of_solids = posed.solids.iter().map(|s| s.mesh.positions_m.len().max(s.mesh.triangles.len()));
    let elements = of_hands.chain(of_solids).sum();
    if elements > MAX_TRIANGLES {
        return Err(RenderError::TooMany { what: "vertices or triangles", found: elements, limit: MAX_TRIANGLES });
    }
    if let Some(solid) = posed.solids.iter().position(|s| !is_consistent(&s.mesh)) {
        return Err(RenderError::SolidArrays { solid });
    }
    posed.hands.iter().enumerate().try_for_each(|(k, hand)| check_rig(k, hand))
}

fn is_consistent(mesh: &SolidMesh) -> bool {
    let count = mesh.positions_m.len();
    let indices = mesh.triangles.as_flattened().iter().all(|i| (*i as usize) < count);
    indices && mesh.normals.len() == count && mesh.uvs_m.len() == count
}

fn check_rig(number: usize, hand: &PosedHand) -> Result<(), RenderError> {
    let mesh = &hand.rig.mesh;
    let (vertices, triangles) = (hand.positions_m.len(), mesh.triangles.len());
    let fits = [
        ("normals", hand.normals.len() == vertices),
        ("uvs", mesh.uvs.len() == vertices),
        ("palmar", mesh.palmar.len() == vertices),
        ("triangle_part", mesh.triangle_part.len() == triangles),
        ("triangles", mesh.triangles.as_flattened().iter().all(|i| (*i as usize) < vertices)),
    ];
    match fits.into_iter().find(|(_, fits)| !fits) {
        None => Ok(()),
        Some((field, _)) => {
            Err(RenderError::RigArrays { hand: number, rig: hand.rig.name.clone(), field, vertices, triangles })
        }
    }
}

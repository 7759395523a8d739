//! Draws a posed scene.
//!
//! [`Renderer`] is what the rest of the crate sees; [`cpu`] is the reference: no driver, no display, the same bytes on
//! every machine. `gpu` (feature `gpu`) draws the same on a graphics adapter. What both share stands beside them: the
//! visible geometry, the materials, and the numbers of the shading model.

mod capsule;
mod check;
pub mod cpu;
mod decal;
mod finish;
mod flexion;
mod geometry;

#[cfg(feature = "gpu")]
pub mod gpu;
mod lobe;
mod material;
mod prepared;
mod shading;
mod shadow_frame;
mod tile;

use crate::backdrop::Backdrop;
use crate::frame::{Frame, NO_DEPTH, Plane};
use crate::posed::PosedScene;
use crate::rig::part::BACKGROUND_ID;

/// Draws posed scenes, from any number of threads at once.
pub trait Renderer: Send + Sync {
    /// Picture, depth and ids of a posed scene in front of a backdrop of the camera's size.
    fn render(&self, posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<Frame, RenderError>;

    /// What drew, as told to the user and written into datasets; empty for the reference.
    fn name(&self) -> String {
        String::new()
    }

    /// Pictures that are best drawn together.
    fn batch(&self) -> usize {
        1
    }

    /// Draws several posed scenes, each as [`Renderer::render`] does.
    fn render_batch(&self, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Vec<Result<Frame, RenderError>> {
        jobs.iter().map(|(posed, backdrop)| self.render(posed, backdrop)).collect()
    }
}

/// Why a scene could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// The backdrop is not as large as the picture.
    #[error("drawing failed: the backdrop has {}x{} pixels, the camera {}x{}", found[0], found[1], expected[0], expected[1])]
    BackdropSize {
        /// Width and height of the camera's picture.
        expected: [u32; 2],
        /// Width and height of the backdrop.
        found: [u32; 2],
    },
    /// A picture without pixels, or with too many.
    #[error("drawing failed: the camera's picture has {width}x{height} pixels, expected 1 to {} a side", MAX_SIDE_PX)]
    PictureSize {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// More geometry than ids can count.
    #[error("drawing failed: {what} {found}, at most {limit} can be drawn")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A rig's arrays do not fit together.
    #[error(
        "drawing hand {hand} failed: `{field}` of rig `{rig}` does not fit its {vertices} vertices and {triangles} triangles"
    )]
    RigArrays {
        /// Number of the hand in the scene, from 0.
        hand: usize,
        /// Name of the rig.
        rig: String,
        /// Array that does not fit.
        field: &'static str,
        /// Vertices of the posed hand.
        vertices: usize,
        /// Triangles of the rig.
        triangles: usize,
    },
    /// The graphics adapter did not draw.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] gpu::GpuError),
    /// A solid's arrays do not fit together.
    #[error("drawing solid {solid} failed: the arrays of its mesh do not fit together")]
    SolidArrays {
        /// Number among the posed solids, from 0.
        solid: usize,
    },
}

impl RenderError {
    /// True if it is the renderer that failed, and not one picture: no other can be drawn either.
    pub fn is_of_the_renderer(&self) -> bool {
        match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(error) => !error.is_of_one_picture(),
            _ => false,
        }
    }
}

/// Largest width and height of a picture.
pub const MAX_SIDE_PX: u32 = 16_384;

/// A picture of the backdrop alone.
fn empty_frame(backdrop: &Backdrop) -> Frame {
    let (width, height) = (backdrop.pixels.width, backdrop.pixels.height);
    Frame {
        colour: backdrop.pixels.clone(),
        depth_z_m: Plane::filled(width, height, NO_DEPTH),
        part: Plane::filled(width, height, BACKGROUND_ID),
        instance: Plane::filled(width, height, 0),
    }
}

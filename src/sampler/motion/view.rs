//! How the camera moves during a clip, told as a motion of the world in front of a camera that stands still.

use glam::{Quat, Vec3};

use super::arm::rotation;
use super::tremor::Oscillation;
use crate::math::RigidTransform;
use crate::preset::types::{CameraMotion, Sequence};
use crate::seed::Stream;

/// Largest swing of a drifting camera about the hands, radians.
const MOST_DRIFT_RAD: f32 = 0.25;
/// Band of a head's sway: breath, posture and steps. Middle and half width, hertz.
const SWAY_HZ: [f32; 2] = [0.9, 0.7];
/// Turn of a head that sways by a metre, radians: a centimetre goes with half a degree.
const TURN_PER_M: f32 = 0.9;

/// Motion of a camera.
#[derive(Debug, Clone, PartialEq)]
pub enum View {
    /// None.
    Still,
    /// To and fro about an axis through the world's origin, where the hands are.
    Drift {
        /// Unit vector.
        axis: Vec3,
        /// Largest angle, radians.
        angle_rad: f32,
        /// Radians per second and radians.
        rate_phase: [f32; 2],
    },
    /// Shifts (metres) and rotation vector (radians), a band of oscillations each.
    Sway(Box<[Oscillation; 6]>),
}

impl View {
    /// Draws the camera's motion for one clip.
    pub fn new(preset: &Sequence, stream: &mut Stream) -> Self {
        let kind = preset.camera.sample(stream).unwrap_or(CameraMotion::Still);
        let drift_rad_s = preset.drift_deg_s.sample(stream).to_radians();
        let sway_m = preset.sway_mm.sample(stream) * 1e-3;
        match kind {
            CameraMotion::Still => Self::Still,
            CameraMotion::Drift => {
                let angle_rad = MOST_DRIFT_RAD * stream.uniform(0.3, 1.0);
                let rate_phase = [drift_rad_s / angle_rad, stream.uniform(0.0, std::f32::consts::TAU)];
                Self::Drift { axis: stream.direction(), angle_rad, rate_phase }
            }
            CameraMotion::Sway => {
                let each = sway_m / libm::sqrtf(3.0);
                let wave = |k: usize| {
                    let effective = if k < 3 { each } else { each * TURN_PER_M };
                    Oscillation::new(effective, SWAY_HZ[0], SWAY_HZ[1], stream)
                };
                Self::Sway(Box::new([0, 1, 2, 3, 4, 5].map(wave)))
            }
        }
    }

    /// How the world has moved before the camera at a time, seconds.
    pub fn at(&self, time_s: f32) -> RigidTransform {
        match self {
            Self::Still => RigidTransform::IDENTITY,
            Self::Drift { axis, angle_rad, rate_phase: [rate, phase] } => {
                let angle = angle_rad * libm::sinf(rate * time_s + phase);
                RigidTransform::from_rotation(rotation(*axis * angle))
            }
            Self::Sway(waves) => {
                let [x, y, z, a, b, c] = waves.each_ref().map(|w| w.at(time_s));
                let turn: Quat = rotation(Vec3::new(a, b, c));
                RigidTransform::new(turn, Vec3::new(x, y, z))
            }
        }
    }
}

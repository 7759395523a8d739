//! An animation of a glTF file: where each node is at a time.

use glam::{Mat4, Quat, Vec3, Vec4};
use gltf::animation::{Interpolation, Property};

use crate::import::Fault;
use crate::import::foreign::nodes::Nodes;
use crate::import::glb::Glb;

const EXPORT_AGAIN: &str = "export the animation again";

/// Values of one property of one node over time; vectors have a w of 0.
struct Channel {
    property: Property,
    interpolation: Interpolation,
    times_s: Vec<f32>,
    /// One per time; of cubic splines three: tangent in, value, tangent out.
    values: Vec<Vec4>,
}

/// Translation, rotation and scale of a node.
#[derive(Clone, Copy)]
struct Local {
    translation: Vec3,
    rotation: Quat,
    scale: Vec3,
}

/// The nodes of a file in motion.
pub(super) struct Animation<'a> {
    nodes: &'a Nodes,
    rest: Vec<Local>,
    /// Channels of each node.
    channels: Vec<Vec<Channel>>,
    /// First and last time, seconds.
    pub(super) span_s: [f32; 2],
}

impl<'a> Animation<'a> {
    /// Reads the first animation of a file.
    pub(super) fn read(glb: &Glb, nodes: &'a Nodes) -> Result<Self, Fault> {
        let document = &glb.document;
        let missing = || Fault::new("animations", "the file holds none", "export the character with its animation");
        let animation = document.animations().next().ok_or_else(missing)?;
        let rest = document.nodes().map(|node| {
            let (translation, rotation, scale) = node.transform().decomposed();
            Local {
                translation: translation.into(),
                rotation: Quat::from_array(rotation).normalize(),
                scale: scale.into(),
            }
        });
        let mut channels: Vec<Vec<Channel>> = document.nodes().map(|_| Vec::new()).collect();
        let mut span_s = [f32::INFINITY, f32::NEG_INFINITY];
        for channel in animation.channels() {
            let property = channel.target().property();
            if property == Property::MorphTargetWeights {
                continue;
            }
            let place = format!("animations[0].channels[{}]", channel.index());
            let channel_read = Channel::read(glb, &channel.sampler(), property, &place)?;
            if let [first, .., last] | [first @ last] = channel_read.times_s.as_slice() {
                span_s = [span_s[0].min(*first), span_s[1].max(*last)];
            }
            channels[channel.target().node().index()].push(channel_read);
        }
        if span_s[0] >= span_s[1] {
            return Err(Fault::new("animations[0]", "nothing moves in it", EXPORT_AGAIN));
        }
        Ok(Self { nodes, rest: rest.collect(), channels, span_s })
    }

    /// `world_from_node` at a time, seconds.
    pub(super) fn world(&self, node: usize, time_s: f32) -> Mat4 {
        self.nodes.ancestors(node).fold(Mat4::IDENTITY, |below, k| self.local(k, time_s) * below)
    }

    fn local(&self, node: usize, time_s: f32) -> Mat4 {
        let mut local = self.rest[node];
        for channel in &self.channels[node] {
            let value = channel.at(time_s);
            match channel.property {
                Property::Translation => local.translation = value.truncate(),
                Property::Rotation => local.rotation = Quat::from_vec4(value).normalize(),
                _ => local.scale = value.truncate(),
            }
        }
        Mat4::from_scale_rotation_translation(local.scale, local.rotation, local.translation)
    }
}

impl Channel {
    fn read(glb: &Glb, sampler: &gltf::animation::Sampler<'_>, property: Property, place: &str) -> Result<Self, Fault> {
        let times_s: Vec<f32> = glb.floats::<1>(&sampler.input())?.into_iter().map(|[t]| t).collect();
        let values: Vec<Vec4> = if property == Property::Rotation {
            glb.floats::<4>(&sampler.output())?.into_iter().map(Vec4::from_array).collect()
        } else {
            glb.vectors(&sampler.output())?.into_iter().map(|v| v.extend(0.0)).collect()
        };
        let interpolation = sampler.interpolation();
        let wanted = times_s.len() * if interpolation == Interpolation::CubicSpline { 3 } else { 1 };
        if times_s.is_empty() || values.len() != wanted {
            let problem = format!("{} values for {} times", values.len(), times_s.len());
            return Err(Fault::new(place, problem, EXPORT_AGAIN));
        }
        if let Some(k) = times_s.windows(2).position(|pair| pair[0] >= pair[1]) {
            let problem = format!("time {} comes after time {}", times_s[k + 1], times_s[k]);
            return Err(Fault::new(place, problem, EXPORT_AGAIN));
        }
        let values = if property == Property::Rotation && interpolation == Interpolation::Linear {
            shorter_ways(values)
        } else {
            values
        };
        Ok(Self { property, interpolation, times_s, values })
    }

    /// Value at a time, as appendix C of the glTF 2.0 specification says.
    fn at(&self, time_s: f32) -> Vec4 {
        let after = self.times_s.partition_point(|t| *t <= time_s);
        let cubic = self.interpolation == Interpolation::CubicSpline;
        let value = |k: usize| if cubic { self.values[3 * k + 1] } else { self.values[k] };
        if after == 0 {
            return value(0);
        }
        if after == self.times_s.len() {
            return value(after - 1);
        }
        let (from, to) = (value(after - 1), value(after));
        let step = self.times_s[after] - self.times_s[after - 1];
        let t = (time_s - self.times_s[after - 1]) / step;
        match self.interpolation {
            Interpolation::Step => from,
            Interpolation::Linear if self.property == Property::Rotation => slerp(from, to, t),
            Interpolation::Linear => from.lerp(to, t),
            Interpolation::CubicSpline => {
                let (out, into) = (self.values[3 * (after - 1) + 2] * step, self.values[3 * after] * step);
                let (t2, t3) = (t * t, t * t * t);
                from * (2.0 * t3 - 3.0 * t2 + 1.0)
                    + out * (t3 - 2.0 * t2 + t)
                    + to * (3.0 * t2 - 2.0 * t3)
                    + into * (t3 - t2)
            }
        }
    }
}

/// Along the great circle; same bits on every machine.
fn slerp(from: Vec4, to: Vec4, share: f32) -> Vec4 {
    let cosine = from.dot(to).clamp(-1.0, 1.0);
    if cosine > 0.9995 {
        return from.lerp(to, share);
    }
    let angle = libm::acosf(cosine);
    let weight = |s: f32| libm::sinf(s * angle) / libm::sinf(angle);
    from * weight(1.0 - share) + to * weight(share)
}

/// Each rotation with the sign that is nearer to the one before.
fn shorter_ways(mut values: Vec<Vec4>) -> Vec<Vec4> {
    for k in 1..values.len() {
        if values[k - 1].dot(values[k]) < 0.0 {
            values[k] = -values[k];
        }
    }
    values
}

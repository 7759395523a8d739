//! A foreign hand as it stands in its file: mesh, weights and joints, in metres, seen as a right hand.

use glam::{Mat3, Mat4, Vec2, Vec3};
use gltf::{Primitive, Semantic};

use super::nodes::Nodes;
use crate::import::glb::Glb;
use crate::import::mapping::{Axis, RigMapping};
use crate::import::{Fault, ImportError};
use crate::math::mirror_x;
use crate::rig::{HandSide, JOINT_COUNT, Joint};

/// Shares of all joints in one vertex, sum 1; tips have none.
pub(in crate::import) type Shares = [f32; JOINT_COUNT];

#[derive(Default)]
pub(in crate::import) struct Source {
    pub(in crate::import) positions_m: Vec<Vec3>,
    /// Not yet of unit length; zero where the file has none.
    pub(in crate::import) normals: Vec<Vec3>,
    pub(in crate::import) uvs: Vec<Vec2>,
    pub(in crate::import) shares: Vec<Shares>,
    pub(in crate::import) triangles: Vec<[u32; 3]>,
    /// Where the model has a joint of that name.
    pub(in crate::import) joints: [Option<SourceJoint>; JOINT_COUNT],
}

/// A joint of the model in its bind pose.
#[derive(Clone, Copy)]
pub(in crate::import) struct SourceJoint {
    pub(in crate::import) centre_m: Vec3,
    /// Unit axis about which it flexes, either way round, if the mapping tells.
    pub(in crate::import) flexion_axis: Option<Vec3>,
}

impl Source {
    /// Read all skinned meshes of a file.
    pub(in crate::import) fn read(glb: &Glb, mapping: &RigMapping) -> Result<Self, ImportError> {
        let document = &glb.document;
        let names: Vec<&str> = document.nodes().filter_map(|n| n.name()).collect();
        mapping.check_nodes(&names)?;
        let reader = Reader { glb, mapping, nodes: Nodes::new(document)?, names: node_joints(document, mapping) };
        let mut source = Self::default();
        let mut bind: Vec<Option<Mat4>> = vec![None; document.nodes().len()];
        for node in document.nodes() {
            if let (Some(mesh), Some(skin)) = (node.mesh(), node.skin()) {
                let skin = reader.skin(&skin, &mut bind)?;
                for primitive in mesh.primitives() {
                    reader.primitive(&mut source, &mesh, &primitive, &skin)?;
                }
            }
        }
        if source.triangles.is_empty() {
            let hint = "bind the mesh to the joints and export it with its skin";
            return Err(Fault::new("nodes", "no node has both a mesh and a skin", hint).into());
        }
        reader.joints(&mut source, &bind);
        source.become_right(mapping);
        Ok(source)
    }

    /// Metres, and a left hand in the mirror.
    fn become_right(&mut self, mapping: &RigMapping) {
        let left = mapping.side == HandSide::Left;
        let seen = |v: Vec3| if left { mirror_x(v) } else { v };
        self.positions_m.iter_mut().for_each(|p| *p = seen(*p * mapping.unit_m));
        self.normals.iter_mut().for_each(|n| *n = seen(*n));
        if left {
            self.triangles.iter_mut().for_each(|t| t.swap(1, 2));
        }
        for joint in self.joints.iter_mut().flatten() {
            joint.centre_m = seen(joint.centre_m * mapping.unit_m);
            joint.flexion_axis = joint.flexion_axis.map(seen);
        }
    }
}

fn node_joints(document: &gltf::Document, mapping: &RigMapping) -> Vec<Option<Joint>> {
    document.nodes().map(|n| n.name().and_then(|name| mapping.joint(name))).collect()
}

struct Reader<'a> {
    glb: &'a Glb,
    mapping: &'a RigMapping,
    nodes: Nodes,
    /// Joint of ours for each node.
    names: Vec<Option<Joint>>,
}

/// A skin, ready for its vertices.
struct Skin {
    /// From mesh coordinates to the world, the same for all joints in the bind pose.
    world_from_mesh: Mat4,
    /// Joint of ours that moves with each joint of the skin.
    owners: Vec<Joint>,
}

impl Reader<'_> {
    /// Read a skin, and note the bind frames of its nodes in the world.
    fn skin(&self, skin: &gltf::Skin<'_>, bind: &mut [Option<Mat4>]) -> Result<Skin, Fault> {
        let place = format!("skins[{}].inverseBindMatrices", skin.index());
        let accessor = skin.inverse_bind_matrices();
        let accessor =
            accessor.ok_or_else(|| Fault::new(&place, "is missing", "export the skin with its bind pose"))?;
        let matrices: Vec<Mat4> = self.glb.floats(&accessor)?.iter().map(Mat4::from_cols_array).collect();
        let nodes: Vec<usize> = skin.joints().map(|j| j.index()).collect();
        if matrices.len() < nodes.len() {
            let problem = format!("has {} matrices for {} joints", matrices.len(), nodes.len());
            return Err(Fault::new(place, problem, "export the model again"));
        }
        // the wrist tells where the mesh stands; in the bind pose every other joint would say the same
        let anchor = nodes.iter().position(|n| self.names[*n] == Some(Joint::Wrist)).unwrap_or(0);
        let world_from_mesh = self.nodes.world[nodes[anchor]] * matrices[anchor];
        for (k, node) in nodes.iter().enumerate() {
            let frame = world_from_mesh * matrices[k].inverse();
            if !frame.is_finite() {
                let problem = format!("matrix {k} is {:?}", matrices[k].to_cols_array());
                return Err(Fault::new(place, problem, "bind matrices must be invertible"));
            }
            bind[*node].get_or_insert(frame);
        }
        Ok(Skin { world_from_mesh, owners: nodes.iter().map(|n| self.owner(*n)).collect() })
    }

    /// The joint of ours that a node moves with: its own, that of its nearest ancestor, the forearm above the wrist.
    fn owner(&self, node: usize) -> Joint {
        let named = self.nodes.ancestors(node).find_map(|k| self.names[k]);
        match named {
            Some(tip) if tip.is_tip() => tip.parent().unwrap_or(tip),
            Some(joint) => joint,
            None => {
                let wrist = self.names.iter().position(|j| *j == Some(Joint::Wrist)).unwrap_or(node);
                if self.nodes.ancestors(wrist).any(|k| k == node) { Joint::Forearm } else { Joint::Wrist }
            }
        }
    }

    fn primitive(
        &self,
        source: &mut Source,
        mesh: &gltf::Mesh<'_>,
        primitive: &Primitive<'_>,
        skin: &Skin,
    ) -> Result<(), ImportError> {
        let place = format!("meshes[{}].primitives[{}]", mesh.index(), primitive.index());
        if primitive.mode() != gltf::mesh::Mode::Triangles {
            let problem = format!("is drawn as {:?}", primitive.mode());
            return Err(Fault::new(place, problem, "turn it into triangles and export the model again").into());
        }
        let positions = primitive.get(&Semantic::Positions);
        let missing = || Fault::new(format!("{place}.attributes.POSITION"), "is missing", "a mesh needs positions");
        let positions = self.glb.vectors(&positions.ok_or_else(missing)?)?;
        let first = source.positions_m.len() as u32;
        let count = positions.len();
        source.positions_m.extend(positions.iter().map(|p| skin.world_from_mesh.transform_point3(*p)));
        source.normals.extend(self.normals(primitive, skin, count, &place)?);
        source.uvs.extend(self.uvs(primitive, count, &place)?);
        source.shares.extend(self.shares(primitive, skin, count, &place)?);
        source.triangles.extend(self.triangles(primitive, count, &place)?.iter().map(|t| t.map(|k| first + k)));
        Ok(())
    }

    fn normals(
        &self,
        primitive: &Primitive<'_>,
        skin: &Skin,
        count: usize,
        place: &str,
    ) -> Result<Vec<Vec3>, ImportError> {
        let Some(accessor) = primitive.get(&Semantic::Normals) else { return Ok(vec![Vec3::ZERO; count]) };
        let normals = self.glb.vectors(&accessor)?;
        check_count(place, "NORMAL", normals.len(), count)?;
        let turn = Mat3::from_mat4(skin.world_from_mesh).inverse().transpose();
        Ok(normals.into_iter().map(|n| turn * n).collect())
    }

    fn uvs(&self, primitive: &Primitive<'_>, count: usize, place: &str) -> Result<Vec<Vec2>, ImportError> {
        let Some(accessor) = primitive.get(&Semantic::TexCoords(0)) else { return Ok(vec![Vec2::ZERO; count]) };
        let uvs = self.glb.floats(&accessor)?;
        check_count(place, "TEXCOORD_0", uvs.len(), count)?;
        Ok(uvs.into_iter().map(Vec2::from_array).collect())
    }

    /// Shares from all sets of joints and weights, four to a set.
    fn shares(
        &self,
        primitive: &Primitive<'_>,
        skin: &Skin,
        count: usize,
        place: &str,
    ) -> Result<Vec<Shares>, ImportError> {
        let mut shares = vec![[0.0; JOINT_COUNT]; count];
        let sets =
            (0..).map_while(|k| Some((k, primitive.get(&Semantic::Joints(k))?, primitive.get(&Semantic::Weights(k))?)));
        for (set, joints, weights) in sets {
            let (joints, weights) = (self.glb.integers::<4>(&joints)?, self.glb.floats::<4>(&weights)?);
            check_count(place, "JOINTS", joints.len(), count)?;
            check_count(place, "WEIGHTS", weights.len(), count)?;
            for (k, (joints, weights)) in joints.iter().zip(&weights).enumerate() {
                for (joint, weight) in joints.iter().zip(weights) {
                    let fault = |name: &str, problem: String, hint| {
                        Fault::new(format!("{place}.attributes.{name}_{set}"), format!("element {k} {problem}"), hint)
                    };
                    if *weight < 0.0 {
                        let problem = format!("has the weight {weight}");
                        return Err(fault("WEIGHTS", problem, "weights must not be negative").into());
                    }
                    let owner = skin.owners.get(*joint as usize).ok_or_else(|| {
                        let problem = format!("names joint {joint} of a skin with {}", skin.owners.len());
                        fault("JOINTS", problem, "export the model again")
                    })?;
                    shares[k][owner.index()] += weight;
                }
            }
        }
        normalised(shares, place)
    }

    fn triangles(&self, primitive: &Primitive<'_>, count: usize, place: &str) -> Result<Vec<[u32; 3]>, ImportError> {
        let corners = match primitive.indices() {
            Some(accessor) => self.glb.integers::<1>(&accessor)?.into_iter().map(|[k]| k).collect(),
            None => (0..count as u32).collect::<Vec<u32>>(),
        };
        let fault = |problem: String| Fault::new(format!("{place}.indices"), problem, "export the model again");
        if let Some(k) = corners.iter().position(|k| *k as usize >= count) {
            return Err(fault(format!("element {k} is {} in a mesh of {count} vertices", corners[k])).into());
        }
        let (triangles, rest) = corners.as_chunks::<3>();
        if !rest.is_empty() {
            return Err(fault(format!("{} corners do not make triangles", corners.len())).into());
        }
        Ok(triangles.to_vec())
    }

    /// Bind frames of the nodes that stand for joints; those outside all skins hang on the nearest joint that is in one.
    fn joints(&self, source: &mut Source, bind: &[Option<Mat4>]) {
        let frame_of = |node: usize| {
            let bound = self.nodes.ancestors(node).find_map(|k| Some((k, bind[k]?)));
            let own = self.nodes.world[node];
            bound.map_or(own, |(k, frame)| frame * self.nodes.world[k].inverse() * own)
        };
        for (node, joint) in self.names.iter().enumerate() {
            let Some(joint) = joint else { continue };
            let frame = frame_of(node);
            let axis = self.mapping.flexion_axis.map(|axis| match axis {
                Axis::X => frame.x_axis,
                Axis::Y => frame.y_axis,
                Axis::Z => frame.z_axis,
            });
            source.joints[joint.index()] = Some(SourceJoint {
                centre_m: frame.w_axis.truncate(),
                flexion_axis: axis.and_then(|a| a.truncate().try_normalize()),
            });
        }
    }
}

fn check_count(place: &str, attribute: &str, found: usize, wanted: usize) -> Result<(), Fault> {
    if found == wanted {
        return Ok(());
    }
    let problem = format!("has {found} elements for {wanted} vertices");
    Err(Fault::new(format!("{place}.attributes.{attribute}"), problem, "export the model again"))
}

fn normalised(mut shares: Vec<Shares>, place: &str) -> Result<Vec<Shares>, ImportError> {
    for (k, row) in shares.iter_mut().enumerate() {
        let sum: f32 = row.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            let problem = format!("the weights of vertex {k} add to {sum}");
            let hint = "every vertex must be bound to a joint";
            return Err(Fault::new(format!("{place}.attributes.WEIGHTS_0"), problem, hint).into());
        }
        for weight in row.iter_mut() {
            *weight /= sum;
        }
    }
    Ok(shares)
}

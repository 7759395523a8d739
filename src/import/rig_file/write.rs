//! A rig as the bytes of a `.glb` file.

use glam::{Mat4, Vec2, Vec3};
use serde_json::{Value, json};

use super::RigMeta;
use super::extras::{FileExtras, RigExtras, SkinExtras};
use crate::import::{Fault, ImportError, check_rig};
use crate::math::RigidTransform;
use crate::rig::skeleton::TWIST_SHARES;
use crate::rig::{JOINT_COUNT, JOINTS, Joint, Rig, SLOT_COUNT, SkinMaps, VertexDeltas};

// glTF 2.0, 3.6.2.2 component types and 5.11.5 buffer view targets
const BYTE: u32 = 5121;
const INT: u32 = 5125;
const FLOAT: u32 = 5126;
const VERTICES: u32 = 34962;
const INDICES: u32 = 34963;

/// Base colour and roughness of the plain skin that viewers show; the renderer has its own.
const SKIN_RGBA: [f32; 4] = [0.56, 0.32, 0.23, 1.0];
const SKIN_ROUGHNESS: f32 = 0.45;

/// Write a rig as binary glTF; fails if [`check_rig`] does.
///
/// The same rig gives the same bytes. [`super::from_glb`] restores it bit for bit.
pub fn to_glb(rig: &Rig, meta: &RigMeta) -> Result<Vec<u8>, ImportError> {
    check_rig(rig)?;
    let mut file = Builder::default();
    let mesh = file.mesh(rig);
    let skin = file.skin(rig);
    let parts = file.accessor(&rig.mesh.triangle_part, BYTE, "SCALAR", rig.mesh.triangles.len(), None);
    let maps = rig.skin.as_ref().map(|maps| file.skin_maps(maps)).transpose()?;
    let extras = FileExtras { handloom: RigExtras::new(rig, parts, maps) };
    let mut nodes = joint_nodes(rig);
    nodes.push(json!({ "name": rig.name, "mesh": 0, "skin": 0 }));
    if has_helpers(rig) {
        add_helper_nodes(rig, &mut nodes);
    }
    let mut root = json!({
        "asset": { "version": "2.0", "generator": meta.generator, "copyright": meta.copyright },
        "scene": 0,
        "scenes": [{ "nodes": [Joint::Forearm.index(), JOINT_COUNT] }],
        "nodes": nodes,
        "meshes": [mesh],
        "skins": [skin],
        "materials": [{ "name": "skin", "pbrMetallicRoughness":
            { "baseColorFactor": SKIN_RGBA, "metallicFactor": 0.0, "roughnessFactor": SKIN_ROUGHNESS } }],
        "accessors": file.accessors,
        "bufferViews": file.views,
        "buffers": [{ "byteLength": file.bytes.len() }],
        "extras": to_value(&extras)?,
    });
    if !file.images.is_empty() {
        root["images"] = Value::Array(file.images);
    }
    Ok(container(root.to_string().into_bytes(), file.bytes))
}

/// Joint frames of the bind pose as nodes, each below its parent.
fn joint_nodes(rig: &Rig) -> Vec<Value> {
    let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
    let node = |joint: Joint| {
        let own = frames[joint.index()];
        let local = joint.parent().map_or(own, |p| frames[p.index()].inverse() * own);
        let children: Vec<usize> = JOINTS.iter().filter(|j| j.parent() == Some(joint)).map(|j| j.index()).collect();
        let mut node = json!({
            "name": joint.name(),
            "translation": local.translation_m,
            "rotation": local.rotation.normalize(),
        });
        if !children.is_empty() {
            node["children"] = json!(children);
        }
        node
    };
    JOINTS.into_iter().map(node).collect()
}

/// True if a vertex follows one of the forearm's helpers.
fn has_helpers(rig: &Rig) -> bool {
    rig.mesh.joints.as_flattened().iter().any(|slot| usize::from(*slot) >= JOINT_COUNT)
}

/// The forearm's helpers in the bind pose, behind all other nodes.
fn add_helper_nodes(rig: &Rig, nodes: &mut Vec<Value>) {
    let frames = rig.skeleton.hand_from_slot(&rig.skeleton.bind_pose);
    let forearm = Joint::Forearm.index();
    for (share, frame) in TWIST_SHARES.into_iter().zip(&frames[JOINT_COUNT..]) {
        let local = frames[forearm].inverse() * *frame;
        let index = nodes.len();
        if let Some(children) = nodes[forearm]["children"].as_array_mut() {
            children.push(json!(index));
        }
        nodes.push(json!({
            "name": format!("forearm-twist-{:.0}", share * 100.0),
            "translation": local.translation_m,
            "rotation": local.rotation.normalize(),
        }));
    }
}

fn container(mut text: Vec<u8>, mut bytes: Vec<u8>) -> Vec<u8> {
    text.resize(text.len().next_multiple_of(4), b' ');
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let mut out = b"glTF".to_vec();
    let word = |out: &mut Vec<u8>, n: usize| out.extend((n as u32).to_le_bytes());
    word(&mut out, 2);
    word(&mut out, 12 + 8 + text.len() + 8 + bytes.len());
    word(&mut out, text.len());
    out.extend(b"JSON");
    out.extend(text);
    word(&mut out, bytes.len());
    out.extend(b"BIN\0");
    out.extend(bytes);
    out
}

#[derive(Default)]
struct Builder {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    images: Vec<Value>,
}

impl Builder {
    fn mesh(&mut self, rig: &Rig) -> Value {
        let (mesh, n) = (&rig.mesh, rig.mesh.positions_m.len());
        let uvs: Vec<u8> = mesh.uvs.iter().flat_map(|uv: &Vec2| le_bytes(&uv.to_array())).collect();
        let weights: Vec<u8> = mesh.weights.iter().flat_map(|w| le_bytes(w)).collect();
        let indices: Vec<u8> = mesh.triangles.as_flattened().iter().flat_map(|k| k.to_le_bytes()).collect();
        let attributes = json!({
            "POSITION": self.positions(&mesh.positions_m),
            "NORMAL": self.accessor(&vector_bytes(&mesh.normals), FLOAT, "VEC3", n, Some(VERTICES)),
            "TEXCOORD_0": self.accessor(&uvs, FLOAT, "VEC2", n, Some(VERTICES)),
            "JOINTS_0": self.accessor(mesh.joints.as_flattened(), BYTE, "VEC4", n, Some(VERTICES)),
            "WEIGHTS_0": self.accessor(&weights, FLOAT, "VEC4", n, Some(VERTICES)),
            "_PALMAR": self.accessor(&le_bytes(&mesh.palmar), FLOAT, "SCALAR", n, Some(VERTICES)),
        });
        let count = mesh.triangles.len() * 3;
        let indices = self.accessor(&indices, INT, "SCALAR", count, Some(INDICES));
        let mut primitive = json!({ "attributes": attributes, "indices": indices, "material": 0, "mode": 4 });
        let mut value = json!({ "name": rig.name });
        let shapes = rig.shapes.iter().map(|s| (&s.name, &s.position_deltas_m));
        let targets: Vec<_> = shapes.chain(rig.correctives.iter().map(|c| (&c.name, &c.position_deltas_m))).collect();
        if !targets.is_empty() {
            primitive["targets"] = targets.iter().map(|(_, d)| json!({ "POSITION": self.deltas(d, n) })).collect();
            value["weights"] = json!(vec![0.0; targets.len()]);
            value["extras"] = json!({ "targetNames": targets.iter().map(|t| t.0).collect::<Vec<_>>() });
        }
        value["primitives"] = json!([primitive]);
        value
    }

    fn skin(&mut self, rig: &Rig) -> Value {
        let count = if has_helpers(rig) { SLOT_COUNT } else { JOINT_COUNT };
        let frames = &rig.skeleton.hand_from_slot(&rig.skeleton.bind_pose)[..count];
        // the node behind the joints' is the mesh's
        let node = |slot: usize| slot + usize::from(slot >= JOINT_COUNT);
        let matrix = |frame: &RigidTransform| {
            let inverse = frame.inverse();
            le_bytes(&Mat4::from_rotation_translation(inverse.rotation, inverse.translation_m).to_cols_array())
        };
        let matrices: Vec<u8> = frames.iter().flat_map(matrix).collect();
        json!({
            "inverseBindMatrices": self.accessor(&matrices, FLOAT, "MAT4", count, None),
            "joints": (0..count).map(node).collect::<Vec<_>>(),
            "skeleton": Joint::Forearm.index(),
        })
    }

    fn skin_maps(&mut self, maps: &SkinMaps) -> Result<SkinExtras, ImportError> {
        let half = |first: usize| -> Vec<[u8; 4]> {
            maps.slopes.iter().map(|s| std::array::from_fn(|k| s[first + k])).collect()
        };
        Ok(SkinExtras {
            size: maps.size,
            regions_image: self.image("regions", &png(maps.size, &maps.regions)?),
            slope_images: [
                self.image("surface and folds", &png(maps.size, &half(0))?),
                self.image("veins and tendons", &png(maps.size, &half(4))?),
            ],
            max_slopes: maps.max_slopes,
            marks_image: self.image("marks", &png(maps.size, &maps.marks)?),
        })
    }

    fn image(&mut self, name: &str, bytes: &[u8]) -> usize {
        let view = self.view(bytes, None);
        self.images.push(json!({ "name": name, "mimeType": "image/png", "bufferView": view }));
        self.images.len() - 1
    }

    /// Positions carry their extent, as glTF wants it.
    fn positions(&mut self, points: &[Vec3]) -> usize {
        let index = self.accessor(&vector_bytes(points), FLOAT, "VEC3", points.len(), Some(VERTICES));
        self.extent(index, points);
        index
    }

    fn extent(&mut self, accessor: usize, points: &[Vec3]) {
        let low = points.iter().copied().fold(Vec3::INFINITY, Vec3::min);
        let high = points.iter().copied().fold(Vec3::NEG_INFINITY, Vec3::max);
        self.accessors[accessor]["min"] = json!(low);
        self.accessors[accessor]["max"] = json!(high);
    }

    /// Differences of `count` vertices as a sparse accessor, or as a plain one if every vertex has one.
    fn deltas(&mut self, deltas: &VertexDeltas, count: usize) -> usize {
        let (vertices, mut values): (Vec<u32>, Vec<Vec3>) = deltas.iter().unzip();
        if values.len() == count {
            return self.positions(&values);
        }
        let mut accessor = json!({ "componentType": FLOAT, "type": "VEC3", "count": count });
        if !values.is_empty() {
            let indices: Vec<u8> = vertices.iter().flat_map(|v| v.to_le_bytes()).collect();
            accessor["sparse"] = json!({
                "count": values.len(),
                "indices": { "bufferView": self.view(&indices, None), "componentType": INT },
                "values": { "bufferView": self.view(&vector_bytes(&values), None) },
            });
        }
        self.accessors.push(accessor);
        let index = self.accessors.len() - 1;
        values.push(Vec3::ZERO);
        self.extent(index, &values);
        index
    }

    fn accessor(&mut self, bytes: &[u8], component: u32, kind: &str, count: usize, target: Option<u32>) -> usize {
        let view = self.view(bytes, target);
        self.accessors.push(json!({ "bufferView": view, "componentType": component, "type": kind, "count": count }));
        self.accessors.len() - 1
    }

    fn view(&mut self, bytes: &[u8], target: Option<u32>) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len() });
        if let Some(target) = target {
            view["target"] = json!(target);
        }
        self.bytes.extend(bytes);
        self.views.push(view);
        self.views.len() - 1
    }
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn vector_bytes(vectors: &[Vec3]) -> Vec<u8> {
    vectors.iter().flat_map(|v| le_bytes(&v.to_array())).collect()
}

fn png(size: u32, texels: &[[u8; 4]]) -> Result<Vec<u8>, ImportError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size, size);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::Adaptive);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(texels.as_flattened()));
    written.map_err(|e| Fault::new("skin", format!("cannot be written as PNG: {e}"), "use a smaller size"))?;
    Ok(out)
}

fn to_value(extras: &FileExtras) -> Result<Value, ImportError> {
    serde_json::to_value(extras).map_err(|source| ImportError::Extras { format: extras.handloom.format, source })
}

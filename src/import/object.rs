//! A user's meshes of things: glTF (.glb, .gltf) and Wavefront OBJ. Triangles only: materials and textures are not read.

use std::path::Path;

use glam::{Mat4, Vec3};

use super::glb::Glb;
use super::{Fault, ImportError};

/// Most triangles of a mesh.
pub const MAX_OBJECT_TRIANGLES: usize = 100_000;
/// Legal longest side of a mesh that is not scaled, metres.
pub const OBJECT_SIZE_M: [f32; 2] = [0.005, 1.0];
/// Share of edges with a hole beside them from which a mesh counts as open.
const OPEN_SHARE: f32 = 0.02;
/// Depth of the tree of nodes.
const MAX_DEPTH: usize = 64;
const EXPORT_AGAIN: &str = "export the model again";

/// A mesh of a thing, in the file's unit (metres if nothing else is said).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectMesh {
    /// Places.
    pub positions: Vec<Vec3>,
    /// Counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl ObjectMesh {
    /// Least and greatest corner.
    pub fn bounds(&self) -> [Vec3; 2] {
        self.positions.iter().fold([Vec3::INFINITY, Vec3::NEG_INFINITY], |[l, h], p| [l.min(*p), h.max(*p)])
    }

    /// Longest side of the box around it.
    pub fn longest_side(&self) -> f32 {
        let [low, high] = self.bounds();
        (high - low).max_element()
    }
}

/// Read a mesh; `scaled` ones may have any size.
///
/// # Errors
///
/// If the file cannot be read, holds no triangles or too many, is not closed, or is too large or small to be held.
pub fn read_object(path: &Path, scaled: bool) -> Result<ObjectMesh, ImportError> {
    let bytes = std::fs::read(path).map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mesh = match ending.as_str() {
        "obj" => parse_obj(&String::from_utf8_lossy(&bytes))?,
        "gltf" => gltf_mesh(&Glb::open_json(&bytes, folder)?)?,
        _ => gltf_mesh(&Glb::open(&bytes)?)?,
    };
    judge(&mesh, scaled)?;
    Ok(outward(mesh))
}

/// The mesh with its triangles counter-clockwise seen from outside, whatever way round the file has them.
fn outward(mut mesh: ObjectMesh) -> ObjectMesh {
    let volume = |t: &[u32; 3]| {
        let [a, b, c] = t.map(|k| mesh.positions[k as usize]);
        a.dot(b.cross(c))
    };
    if mesh.triangles.iter().map(volume).sum::<f32>() < 0.0 {
        mesh.triangles.iter_mut().for_each(|t| t.swap(1, 2));
    }
    mesh
}

fn judge(mesh: &ObjectMesh, scaled: bool) -> Result<(), Fault> {
    let side = mesh.longest_side();
    if mesh.triangles.is_empty() || side <= 0.0 {
        return Err(Fault::new("mesh", "holds no triangles", "export the object's surface as triangles"));
    }
    let count = mesh.triangles.len();
    if count > MAX_OBJECT_TRIANGLES {
        let problem = format!("has {count} triangles, at most {MAX_OBJECT_TRIANGLES} are read");
        return Err(Fault::new("mesh", problem, "decimate it in a modelling program"));
    }
    let [low, high] = OBJECT_SIZE_M;
    if !scaled && !(low..=high).contains(&side) {
        let problem = format!("is {side} m long, legal are {low} to {high} m");
        let hint = "its unit may be another than the metre: scale it, or set `objects.mesh_size_m` to its longest side";
        return Err(Fault::new("mesh", problem, hint));
    }
    let open = crate::solid::open_share(&mesh.positions, &mesh.triangles);
    if open > OPEN_SHARE {
        let problem = format!("is not closed: {:.0} % of its edges lie beside a hole", open * 100.0);
        return Err(Fault::new(
            "mesh",
            problem,
            "close it, give walls a thickness: what cannot be told from outside cannot be held",
        ));
    }
    Ok(())
}

/// Vertices and polygons of a Wavefront OBJ file; texture coordinates, normals, groups and materials are passed over.
fn parse_obj(text: &str) -> Result<ObjectMesh, Fault> {
    let mut mesh = ObjectMesh::default();
    for (number, line) in text.lines().enumerate() {
        let fault = |problem: String, hint| Fault::new(format!("line {}", number + 1), problem, hint);
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("v") => {
                let values: Vec<f32> =
                    words.take(3).filter_map(|w| w.parse().ok()).filter(|v: &f32| v.is_finite()).collect();
                let [x, y, z] = values[..] else {
                    return Err(fault(
                        format!("`{}` is no vertex", line.trim()),
                        "a vertex is `v x y z` with finite numbers",
                    ));
                };
                mesh.positions.push(Vec3::new(x, y, z));
            }
            Some("f") => {
                let count = mesh.positions.len();
                let corners: Option<Vec<u32>> = words.map(|w| corner(w, count)).collect();
                let corners = corners.filter(|c| c.len() >= 3).ok_or_else(|| {
                    let problem = format!("`{}` is no face of the {count} vertices above it", line.trim());
                    fault(problem, "a face names three or more vertices by their numbers, from 1 or from -1 backwards")
                })?;
                mesh.triangles.extend((1..corners.len() - 1).map(|k| [corners[0], corners[k], corners[k + 1]]));
                if mesh.triangles.len() > 4 * MAX_OBJECT_TRIANGLES {
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(mesh)
}

/// Vertex of a corner such as `3`, `3/1`, `3//2` or `-1`, from 0.
fn corner(word: &str, count: usize) -> Option<u32> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    let from_0 = match number {
        1.. => number - 1,
        0 => -1,
        _ => number + count as i64,
    };
    u32::try_from(from_0).ok().filter(|k| (*k as usize) < count)
}

/// All triangles of a glTF file's default scene (or all scenes), carried to the world.
fn gltf_mesh(file: &Glb) -> Result<ObjectMesh, Fault> {
    let document = &file.document;
    let mut mesh = ObjectMesh::default();
    let scenes: Vec<gltf::Scene<'_>> = match document.default_scene() {
        Some(scene) => vec![scene],
        None => document.scenes().collect(),
    };
    for node in scenes.iter().flat_map(gltf::Scene::nodes) {
        add_node(file, &node, Mat4::IDENTITY, 0, &mut mesh)?;
    }
    Ok(mesh)
}

fn add_node(file: &Glb, node: &gltf::Node<'_>, parent: Mat4, depth: usize, out: &mut ObjectMesh) -> Result<(), Fault> {
    let place = format!("nodes[{}]", node.index());
    let world = parent * Mat4::from_cols_array_2d(&node.transform().matrix());
    if depth > MAX_DEPTH || !world.is_finite() {
        return Err(Fault::new(place, "its transform is not finite, or nodes are nested too deeply", EXPORT_AGAIN));
    }
    for primitive in node.mesh().iter().flat_map(gltf::Mesh::primitives) {
        let place = format!("meshes[{}].primitives[{}]", node.mesh().map_or(0, |m| m.index()), primitive.index());
        if primitive.mode() != gltf::mesh::Mode::Triangles {
            return Err(Fault::new(place, format!("is drawn as {:?}", primitive.mode()), "export it as triangles"));
        }
        let Some(positions) = primitive.get(&gltf::Semantic::Positions) else { continue };
        let positions = file.vectors(&positions)?;
        let (first, count) = (out.positions.len() as u32, positions.len() as u32);
        let indices: Vec<u32> = match primitive.indices() {
            Some(indices) => file.integers::<1>(&indices)?.into_iter().map(|[k]| k).collect(),
            None => (0..count).collect(),
        };
        if let Some(bad) = indices.iter().find(|k| **k >= count) {
            return Err(Fault::new(place, format!("names vertex {bad} of {count}"), EXPORT_AGAIN));
        }
        out.positions.extend(positions.into_iter().map(|p| world.transform_point3(p)));
        // a mirrored node turns its triangles inside out
        let mirrored = world.determinant() < 0.0;
        out.triangles.extend(indices.as_chunks::<3>().0.iter().map(|[a, b, c]| {
            let [b, c] = if mirrored { [c, b] } else { [b, c] };
            [first + a, first + b, first + c]
        }));
        if out.triangles.len() > 4 * MAX_OBJECT_TRIANGLES {
            return Ok(());
        }
    }
    for child in node.children() {
        add_node(file, &child, world, depth + 1, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of 6 x 4 x 2 cm: quads, negative numbers, texture and normal numbers.
    const BOX: &str = "# box\no box\nv -.03 -.02 -.01\nv .03 -.02 -.01\nv .03 .02 -.01\nv -.03 .02 -.01\n\
        v -.03 -.02 .01\nv .03 -.02 .01\nv .03 .02 .01\nv -.03 .02 .01\nvt 0 0\nvn 0 0 1\nusemtl x\n\
        f 5/1/1 6/1/1 7/1/1 8/1/1\nf 4 3 2 1\nf 1//1 2//1 6//1 5//1\nf 2/1 3/1 7/1 6/1\nf -6 -5 -1 -2\nf 4 1 5 8\n";

    fn fault_of(text: &str) -> String {
        match parse_obj(text).and_then(|mesh| judge(&mesh, false)) {
            Ok(()) => "none".to_owned(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn a_box_of_quads_has_twelve_triangles_and_its_volume() {
        let mesh = parse_obj(BOX).unwrap();
        assert_eq!((mesh.positions.len(), mesh.triangles.len()), (8, 12));
        let corners = |t: &[u32; 3]| t.map(|k| mesh.positions[k as usize]);
        let volume: f32 = mesh.triangles.iter().map(corners).map(|[a, b, c]| a.cross(b).dot(c) / 6.0).sum();
        assert!((volume - 0.06 * 0.04 * 0.02).abs() < 1e-9, "{volume}");
        assert!((mesh.longest_side() - 0.06).abs() < 1e-6);
        assert_eq!(fault_of(BOX), "none");
    }

    #[test]
    fn a_mesh_inside_out_is_turned() {
        let mesh = parse_obj(BOX).unwrap();
        let mut inside_out = mesh.clone();
        inside_out.triangles.iter_mut().for_each(|t| t.swap(1, 2));
        assert_eq!(outward(inside_out), mesh);
        assert_eq!(outward(mesh.clone()), mesh);
    }

    #[test]
    fn bad_files_are_named_with_line_value_and_hint() {
        for (text, said) in [
            ("v 0 0 nan\n", ["line 1", "no vertex"]),
            ("v 0 0\n", ["line 1", "v x y z"]),
            ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", ["line 4", "3 vertices"]),
            ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n", ["line 4", "three or more"]),
            ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", ["line 4", "no face"]),
            ("", ["no triangles", "hint:"]),
            ("v 0 0 0\nv .1 0 0\nv 0 .1 0\nf 1 2 3\n", ["not closed", "100 %"]),
            (&BOX.replace(".03", "30").replace(".02", "20").replace(".01", "10"), ["60 m long", "objects.mesh_size_m"]),
            (&BOX.replace(".03", ".001").replace(".02", ".001").replace(".01", ".001"), ["0.002 m", "0.005 to 1"]),
        ] {
            let message = fault_of(text);
            assert!(said.iter().all(|s| message.contains(s)), "{message}");
        }
    }

    #[test]
    fn a_gltf_file_with_nodes_and_outer_bytes_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let mesh = parse_obj(BOX).unwrap();
        let mut bytes: Vec<u8> = mesh.positions.iter().flat_map(Vec3::to_array).flat_map(f32::to_le_bytes).collect();
        let indices_at = bytes.len();
        bytes.extend(mesh.triangles.as_flattened().iter().flat_map(|k| (*k as u16).to_le_bytes()));
        let json = |uri: &str| {
            serde_json::json!({
                "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
                "nodes": [{ "children": [1], "scale": [2, 2, 2] }, { "mesh": 0, "translation": [0, 0.05, 0] }],
                "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
                "buffers": [{ "byteLength": bytes.len(), "uri": uri }],
                "bufferViews": [{ "buffer": 0, "byteLength": indices_at },
                                { "buffer": 0, "byteOffset": indices_at, "byteLength": bytes.len() - indices_at }],
                "accessors": [{ "bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
                                "min": [-0.03, -0.02, -0.01], "max": [0.03, 0.02, 0.01] },
                              { "bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR" }]
            })
            .to_string()
        };
        std::fs::write(folder.path().join("box.bin"), &bytes).unwrap();
        let inline = format!("data:application/octet-stream;base64,{}", base64(&bytes));
        for (name, uri) in [("a.gltf", "box.bin"), ("b.gltf", &inline)] {
            let path = folder.path().join(name);
            std::fs::write(&path, json(uri)).unwrap();
            let read = read_object(&path, false).unwrap();
            let [low, high] = read.bounds();
            assert!(low.abs_diff_eq(Vec3::new(-0.06, 0.06, -0.02), 1e-6), "{low}");
            assert!(high.abs_diff_eq(Vec3::new(0.06, 0.14, 0.02), 1e-6), "{high}");
        }
        for (uri, said) in [("none.bin", "none.bin"), ("../box.bin", "beside"), ("data:x;base64,?", "base64")] {
            let path = folder.path().join("c.gltf");
            std::fs::write(&path, json(uri)).unwrap();
            let message = read_object(&path, false).unwrap_err().to_string();
            assert!(message.contains(said), "{message}");
        }
    }

    fn base64(bytes: &[u8]) -> String {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}

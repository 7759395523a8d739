//! A rig from the bytes of a `.glb` file that [`super::to_glb`] wrote.

use glam::Vec2;
use gltf::Semantic;

use super::extras::{FORMAT, FileExtras, RigExtras, SkinExtras};
use crate::import::glb::Glb;
use crate::import::{Fault, ImportError, check_rig};
use crate::rig::{BlendShape, Corrective, Rig, RigMesh, SkinMaps, Surface, VertexDeltas};

/// Larger maps are a mistake, or an attack on memory.
const MAX_MAP_SIZE: u32 = 8192;
const NOT_OURS: &str = "this is for rigs that this program wrote; bring in other models with `handloom rig import`";

/// Read a rig file written by [`super::to_glb`], and check it with [`check_rig`].
pub fn from_glb(bytes: &[u8]) -> Result<Rig, ImportError> {
    let glb = Glb::open(bytes)?;
    let extras = read_extras(&glb)?;
    let missing = |dof: crate::rig::Dof| fault("extras.handloom.limits", format!("`{}` is missing", dof.name()));
    let limits = extras.limits().map_err(missing)?;
    let primitive = only_primitive(&glb)?;
    let mesh = read_mesh(&glb, &primitive, &extras)?;
    let (shapes, correctives) = read_targets(&glb, &primitive, &extras)?;
    let skin = extras.skin.as_ref().map(|s| read_skin(&glb, s)).transpose()?;
    let RigExtras { name, skeleton, capsules, .. } = extras;
    let surface = Surface::of(&mesh);
    let rig = Rig { name, mesh, skeleton, shapes, correctives, limits, capsules, skin, surface };
    check_rig(&rig)?;
    Ok(rig)
}

fn fault(place: impl Into<String>, problem: impl Into<String>) -> Fault {
    Fault::new(place, problem, NOT_OURS)
}

fn read_extras(glb: &Glb) -> Result<RigExtras, ImportError> {
    let text = glb.document.as_json().extras.as_ref().ok_or_else(|| fault("extras", "is missing"))?;
    let header: serde_json::Value = parse(text.get())?;
    let format = header.get("handloom").and_then(|h| h.get("format"));
    let format = format.ok_or_else(|| fault("extras.handloom.format", "is missing"))?;
    if format.as_u64() != Some(u64::from(FORMAT)) {
        let problem = format!("is {format}, this version reads {FORMAT}");
        return Err(Fault::new("extras.handloom.format", problem, "use the version that wrote the file").into());
    }
    Ok(parse::<FileExtras>(text.get())?.handloom)
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|source| ImportError::Extras { format: FORMAT, source })
}

fn only_primitive(glb: &Glb) -> Result<gltf::Primitive<'_>, Fault> {
    let mut primitives = glb.document.meshes().flat_map(|m| m.primitives());
    match (primitives.next(), primitives.next()) {
        (Some(primitive), None) if primitive.mode() == gltf::mesh::Mode::Triangles => Ok(primitive),
        _ => Err(fault("meshes", "does not hold exactly one primitive of triangles")),
    }
}

fn read_mesh(glb: &Glb, primitive: &gltf::Primitive<'_>, extras: &RigExtras) -> Result<RigMesh, Fault> {
    let get = |semantic: Semantic| {
        let place = format!("meshes[0].primitives[0].attributes.{}", semantic.to_string());
        primitive.get(&semantic).ok_or_else(|| fault(place, "is missing"))
    };
    let indices = primitive.indices().ok_or_else(|| fault("meshes[0].primitives[0].indices", "is missing"))?;
    let parts = glb.document.accessors().nth(extras.triangle_part_accessor);
    let parts = parts.ok_or_else(|| fault("extras.handloom.triangle_part_accessor", "names no accessor"))?;
    let corners = glb.integers::<1>(&indices)?;
    let narrow = |[a, b, c, d]: [u32; 4]| [a, b, c, d].map(|j| u8::try_from(j).unwrap_or(u8::MAX));
    Ok(RigMesh {
        positions_m: glb.vectors(&get(Semantic::Positions)?)?,
        normals: glb.vectors(&get(Semantic::Normals)?)?,
        uvs: glb.floats(&get(Semantic::TexCoords(0))?)?.into_iter().map(Vec2::from_array).collect(),
        joints: glb.integers(&get(Semantic::Joints(0))?)?.into_iter().map(narrow).collect(),
        weights: glb.floats(&get(Semantic::Weights(0))?)?,
        palmar: glb.floats::<1>(&get(Semantic::Extras("PALMAR".into()))?)?.as_flattened().to_vec(),
        triangles: corners.as_flattened().as_chunks::<3>().0.to_vec(),
        triangle_part: glb.integers::<1>(&parts)?.into_iter().map(|[p]| u8::try_from(p).unwrap_or(u8::MAX)).collect(),
    })
}

/// Morph targets: first the blend shapes, then the correctives.
fn read_targets(
    glb: &Glb,
    primitive: &gltf::Primitive<'_>,
    extras: &RigExtras,
) -> Result<(Vec<BlendShape>, Vec<Corrective>), Fault> {
    let place = "meshes[0].primitives[0].targets";
    let targets: Vec<_> = primitive.morph_targets().collect();
    let (shapes, correctives) = (extras.shapes.len(), extras.correctives.len());
    if targets.len() != shapes + correctives {
        let named = format!("`extras.handloom` has {shapes} shapes and {correctives} correctives");
        return Err(fault(place, format!("has {} entries, {named}", targets.len())));
    }
    let deltas = |k: usize| -> Result<VertexDeltas, Fault> {
        let positions = targets[k].positions().ok_or_else(|| fault(format!("{place}[{k}].POSITION"), "is missing"))?;
        glb.deltas(&positions)
    };
    let shape = |(k, own): (usize, &super::extras::ShapeExtras)| {
        let (name, offset_deltas_m) = (own.name.clone(), own.offset_deltas_m);
        Ok(BlendShape { name, position_deltas_m: deltas(k)?, offset_deltas_m })
    };
    let corrective = |(k, own): (usize, &super::extras::CorrectiveExtras)| {
        let (name, ramps) = (own.name.clone(), own.ramps.clone());
        Ok(Corrective { name, ramps, position_deltas_m: deltas(shapes + k)? })
    };
    let correctives = extras.correctives.iter().enumerate().map(corrective).collect::<Result<_, Fault>>()?;
    Ok((extras.shapes.iter().enumerate().map(shape).collect::<Result<_, Fault>>()?, correctives))
}

fn read_skin(glb: &Glb, extras: &SkinExtras) -> Result<SkinMaps, Fault> {
    let SkinExtras { size, regions_image, slope_images, max_slopes, marks_image } = *extras;
    if size > MAX_MAP_SIZE {
        return Err(fault("extras.handloom.skin.size", format!("is {size}, at most {MAX_MAP_SIZE}")));
    }
    let [low, high] = slope_images.map(|image| read_png(glb, image, size));
    let pairs = low?.into_iter().zip(high?);
    let slopes = pairs.map(|([a, b, c, d], [e, f, g, h])| [a, b, c, d, e, f, g, h]).collect();
    let (regions, marks) = (read_png(glb, regions_image, size)?, read_png(glb, marks_image, size)?);
    Ok(SkinMaps { size, regions, slopes, max_slopes, marks })
}

/// The texels of an embedded image of known size with four channels of 8 bits.
fn read_png(glb: &Glb, index: usize, size: u32) -> Result<Vec<[u8; 4]>, Fault> {
    let wrong = |problem: String| fault(format!("images[{index}]"), problem);
    let decoder = png::Decoder::new(std::io::Cursor::new(glb.image(index)?));
    let mut reader = decoder.read_info().map_err(|e| wrong(format!("is no PNG picture: {e}")))?;
    let info = reader.info();
    if (info.width, info.height, info.color_type, info.bit_depth)
        != (size, size, png::ColorType::Rgba, png::BitDepth::Eight)
    {
        let found = format!("{} x {} {:?}", info.width, info.height, info.color_type);
        return Err(wrong(format!("is {found} instead of {size} x {size} Rgba of 8 bits")));
    }
    let length = reader.output_buffer_size().ok_or_else(|| wrong("is too large".into()))?;
    let mut texels = vec![0; length];
    reader.next_frame(&mut texels).map_err(|e| wrong(format!("cannot be decoded: {e}")))?;
    Ok(texels.as_chunks::<4>().0.to_vec())
}

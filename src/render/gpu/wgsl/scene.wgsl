// What every pass reads. The order of members is that of `pack.rs`.

struct Scene {
    first_capsule: u32,
    capsules: u32,
    first_light: u32,
    lights: u32,
    first_skin: u32,
    // hands, which the surfaces count first
    skins: u32,
    first_finish: u32,
    // shadows end before the border of the map, as solids may reach over it
    has_solids: u32,
    // position of the camera in the world
    eye_x: f32,
    eye_y: f32,
    eye_z: f32,
    // depth within one surface may change by this share within a pixel
    tolerance: f32,
    // spherical harmonics: red, green, blue of each coefficient
    ambient: array<vec4f, 9>,
    reflected: array<vec4f, 9>,
}

// As in `geometry.rs`, and where it is seen.
struct Vertex {
    // world, metres; x of the normal
    position_n: vec4f,
    // y and z of the normal, unit; u and v
    n_uv: vec4f,
    // palmar or detail, openness, curvature, bind x
    look: vec4f,
    // bind y, bind z, flexion, tension
    bind_fold: vec4f,
    // column, row, 1 / depth, bits of the scene's number
    screen: vec4f,
}

struct Light {
    to_light: vec4f,
    irradiance: vec4f,
    // texel column, texel row and distance away from the light: axis, then origin
    column: vec4f,
    row: vec4f,
    away: vec4f,
    width: u32,
    height: u32,
    first_texel: u32,
    texel_m: f32,
}

// Corners count the vertices of the batch.
struct Triangle {
    a: u32,
    b: u32,
    c: u32,
    // surface, instance, part, body from the lowest byte
    tags: u32,
}

@group(0) @binding(0) var<storage, read> scenes: array<Scene>;
@group(0) @binding(1) var<storage, read> lights: array<Light>;

// Number of an invocation: a grid has a second row only where the first is as long as it can be.
fn number(group: vec3u, local: u32) -> u32 {
    return (group.y * MOST_GROUPS + group.x) * GROUP + local;
}

// Bits that order as the floats do.
fn ordered(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// What a shadow map holds of a far side at some distance away from the light: more for nearer ones, 0 for none.
fn shadow_key(away: f32) -> u32 {
    return ~ordered(away);
}

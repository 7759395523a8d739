// A hand's skin, its maps and the repeated tile of fine relief; pair of `cpu/gather.rs` and `tile.rs`.

// Colours are linear; what stands behind a colour in its fourth member is named beside it.
struct Skin {
    dorsum: vec4f,
    palm: vec4f,
    nail: vec4f,
    lunula: vec4f,
    free_edge: vec4f,
    flush: vec4f,
    palm_flush: vec4f,
    spot: vec4f,
    scar: vec4f,
    // share
    nail_cover: vec4f,
    // amount
    hair: vec4f,
    max_slopes: vec4f,
    // centre, and half the length
    scar_centre: vec4f,
    // along, and width in mm
    scar_along: vec4f,
    // across, and height in mm
    scar_across: vec4f,
    scar_normal: vec4f,
    // centre, and half the length
    tattoo_centre: vec4f,
    // along, and darkness
    tattoo_along: vec4f,
    tattoo_across: vec4f,
    tattoo_normal: vec4f,
    f0: f32,
    grazing: f32,
    nail_roughness: f32,
    roughness: f32,
    relief: f32,
    wetness: f32,
    wrinkles: f32,
    veins: f32,
    tendons: f32,
    freckles: f32,
    age_spots: f32,
    offset_u: f32,
    offset_v: f32,
    // where the maps begin, columns of the largest, and their number; 0 if there are none
    first_texel: u32,
    size: u32,
    levels: u32,
    has_scar: u32,
    // pattern of the tattoo, from 1; 0 if there is none
    tattoo: u32,
    unused_a: u32,
    unused_b: u32,
    // of the bodies, then of the arm
    mm_per_uv: array<f32, 8>,
}

@group(0) @binding(7) var<storage, read> skins: array<Skin>;
// the tile's levels, then those of the rigs; sixteen bytes a texel
@group(0) @binding(9) var<storage, read> texels: array<vec4u>;

// Skin maps at a point, bytes as floats.
struct Maps {
    // palmar, flush, nail, part of the nail
    region: vec4f,
    // slopes along u and v of two layers each
    slopes: vec4f,
    more_slopes: vec4f,
    // vein, hair, ridge high, ridge low
    marks: vec4f,
    // change of the ridge coordinate per unit of u and v
    ridge: vec2f,
}

// Number of the level with about one texel per pixel: half the floor of a binary logarithm, as it is of an area.
fn level_of(texels_per_pixel: f32, levels: u32) -> u32 {
    let log2 = max(bitcast<u32>(max(texels_per_pixel, 1.0)) >> 23u, 127u) - 127u;
    return min(log2 / 2u, levels - 1u);
}

// Texels of the levels before one, of a pyramid whose first has `size` squared.
fn before_level(level: u32, size: u32) -> u32 {
    var sum = 0u;
    for (var k = 0u; k < level; k++) {
        let side = size >> k;
        sum += side * side;
    }
    return sum;
}

fn bytes(word: u32) -> vec4f {
    return vec4f(vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u));
}

fn skin_maps(skin: u32, uv: vec2f, area: f32) -> Maps {
    let whole = f32(skins[skin].size);
    let level = level_of(area * whole * whole, skins[skin].levels);
    let side = skins[skin].size >> level;
    let size = f32(side);
    let at = clamp(saturate(uv) * size - 0.5, vec2f(0.0), vec2f(size - 1.0));
    let low = vec2u(at);
    let high = min(low + 1u, vec2u(side - 1u));
    let f = at - vec2f(low);
    let first = skins[skin].first_texel + before_level(level, skins[skin].size);
    let a = texels[first + low.y * side + low.x];
    let b = texels[first + low.y * side + high.x];
    let c = texels[first + high.y * side + low.x];
    let d = texels[first + high.y * side + high.x];
    let w = vec4f((1.0 - f.x) * (1.0 - f.y), f.x * (1.0 - f.y), (1.0 - f.x) * f.y, f.x * f.y);
    let steps = vec4f(ridge_steps(a.w), ridge_steps(b.w), ridge_steps(c.w), ridge_steps(d.w));
    let along_u = (steps.y - steps.x) + ((steps.w - steps.z) - (steps.y - steps.x)) * f.y;
    let along_v = (steps.z - steps.x) + ((steps.w - steps.y) - (steps.z - steps.x)) * f.x;
    let ridge = vec2f(along_u, along_v) * size;
    // the coordinate jumps between segments, and means nothing once averaged
    let is_smooth = level == 0u && max(abs(ridge.x), abs(ridge.y)) < MOST_STEPS_PER_TEXEL * size;
    return Maps(
        bytes(a.x) * w.x + bytes(b.x) * w.y + bytes(c.x) * w.z + bytes(d.x) * w.w,
        bytes(a.y) * w.x + bytes(b.y) * w.y + bytes(c.y) * w.z + bytes(d.y) * w.w,
        bytes(a.z) * w.x + bytes(b.z) * w.y + bytes(c.z) * w.z + bytes(d.z) * w.w,
        bytes(a.w) * w.x + bytes(b.w) * w.y + bytes(c.w) * w.z + bytes(d.w) * w.w,
        select(vec2f(0.0), ridge, is_smooth),
    );
}

fn ridge_steps(word: u32) -> f32 {
    return f32((word >> 16u & 255u) << 8u | word >> 24u);
}

// The tile of fine relief, bytes as floats: slopes and depth of the back's furrows, hair; those of the palm, blobs.
struct Tile {
    back: vec4f,
    palm: vec4f,
}

// Values at a place in repeats, where a pixel covers `area` squared repeats.
fn tile_at(at: vec2f, area: f32) -> Tile {
    let level = level_of(area * f32(TILE_SIZE * TILE_SIZE), TILE_LEVELS);
    let side = TILE_SIZE >> level;
    let p = (at - floor(at)) * f32(side);
    let low = vec2u(p);
    let f = p - vec2f(low);
    let mask = side - 1u;
    let x = vec2u(low.x, low.x + 1u) & vec2u(mask);
    let y = vec2u(low.y, low.y + 1u) & vec2u(mask);
    let first = before_level(level, TILE_SIZE);
    let a = texels[first + y.x * side + x.x].xy;
    let b = texels[first + y.x * side + x.y].xy;
    let c = texels[first + y.y * side + x.x].xy;
    let d = texels[first + y.y * side + x.y].xy;
    let w = vec4f((1.0 - f.x) * (1.0 - f.y), f.x * (1.0 - f.y), (1.0 - f.x) * f.y, f.x * f.y);
    return Tile(
        bytes(a.x) * w.x + bytes(b.x) * w.y + bytes(c.x) * w.z + bytes(d.x) * w.w,
        bytes(a.y) * w.x + bytes(b.y) * w.y + bytes(c.y) * w.z + bytes(d.y) * w.w,
    );
}

// Where a pixel lies, what `collect.wgsl` writes of it and `shade.wgsl` adds to.

// Eight by eight pixels, of which some may be covered. Pixels are counted block by block, row by row.
struct Block {
    scene: u32,
    // first column, and row in the upper half
    corner: u32,
    // pixel of the samples at the corner, and how many are in a row
    first: u32,
    pitch: u32,
}

// Surfaces of one kind that are seen in a pixel.
struct Fragments {
    pixel: u32,
    // covered samples of each surface, four bits at the sample where it is shaded
    counts: u32,
}

struct Pixel {
    // light from the surfaces
    red: f32,
    green: f32,
    blue: f32,
    // share of the backdrop
    open: f32,
    depth_z_m: f32,
    // part and instance from the lowest byte
    ids: u32,
}

@group(0) @binding(4) var<storage, read> blocks: array<Block>;

// Column and row of a pixel in its block.
fn in_block(pixel: u32) -> vec2u {
    return vec2u(pixel % 8u, pixel / 8u % 8u);
}

// First of its eight samples.
fn first_sample(block: Block, at: vec2u) -> u32 {
    return (block.first + at.y * block.pitch + at.x) * 8u;
}

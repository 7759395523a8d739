// What `collect.wgsl` writes of a pixel and `shade.wgsl` adds to.

// Surfaces of one kind that are seen in a pixel.
struct Fragments {
    scene: u32,
    // in the window
    pixel: u32,
    // covered samples of each surface, four bits at the sample where it is shaded
    counts: u32,
    unused: u32,
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

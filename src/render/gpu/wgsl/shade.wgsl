// Every listed surface of one kind is shaded once and added to its pixel. `radiance` is that of the kind.

struct List {
    count: u32,
    unused: u32,
    fragments: array<Fragments>,
}

@group(0) @binding(5) var<storage, read> samples: array<u32>;
@group(0) @binding(10) var<storage, read_write> pixels: array<Pixel>;
@group(0) @binding(11) var<storage, read> list: List;

@compute @workgroup_size(GROUP)
fn shade(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, local);
    if k >= list.count {
        return;
    }
    let pixel = list.fragments[k].pixel;
    let block = blocks[pixel / 64u];
    let scene = block.scene;
    let first = first_sample(block, in_block(pixel));
    let corner = vec2f(vec2u(block.corner & 0xffffu, block.corner >> 16u) + in_block(pixel));
    let eye = vec3f(scenes[scene].eye_x, scenes[scene].eye_y, scenes[scene].eye_z);
    var counts = list.fragments[k].counts;
    var colour = vec3f(0.0);
    while counts != 0u {
        let s = firstTrailingBit(counts) / 4u;
        let count = counts >> (4u * s) & 15u;
        counts &= ~(15u << (4u * s));
        let triangle = ~samples[(first + s) * 2u];
        let here = place(triangle, corner + SAMPLES_PX[s]);
        colour += radiance(scene, triangles[triangle].tags, here, eye) * (f32(count) / 8.0);
    }
    pixels[pixel].red += colour.r;
    pixels[pixel].green += colour.g;
    pixels[pixel].blue += colour.b;
}

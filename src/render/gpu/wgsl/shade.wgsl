// Every listed surface of one kind is shaded once and added to its pixel. `radiance` is that of the kind.

struct List {
    count: u32,
    unused_a: u32,
    unused_b: u32,
    unused_c: u32,
    fragments: array<Fragments>,
}

@group(0) @binding(5) var<storage, read> samples: array<u32>;
@group(0) @binding(10) var<storage, read_write> pixels: array<Pixel>;
@group(0) @binding(11) var<storage, read> list: List;

@compute @workgroup_size(GROUP)
fn shade(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, groups, local);
    if k >= list.count {
        return;
    }
    let scene = list.fragments[k].scene;
    let pixel = list.fragments[k].pixel;
    let width = scenes[scene].width;
    let number = scenes[scene].first_pixel + pixel;
    let first = scenes[scene].first_triangle;
    let corner = vec2f(f32(scenes[scene].left + pixel % width), f32(scenes[scene].top + pixel / width));
    let eye = vec3f(scenes[scene].eye_x, scenes[scene].eye_y, scenes[scene].eye_z);
    var counts = list.fragments[k].counts;
    var colour = vec3f(0.0);
    while counts != 0u {
        let s = firstTrailingBit(counts) / 4u;
        let count = counts >> (4u * s) & 15u;
        counts &= ~(15u << (4u * s));
        let triangle = first + ~samples[number * 16u + 8u + s];
        let here = place(triangle, corner + SAMPLES_PX[s]);
        colour += radiance(scene, triangles[triangle].tags, here, eye) * (f32(count) / 8.0);
    }
    pixels[number].red += colour.r;
    pixels[number].green += colour.g;
    pixels[number].blue += colour.b;
}

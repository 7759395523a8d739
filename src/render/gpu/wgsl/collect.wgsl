// From samples to ids, depth and the surfaces that need shading; pair of `cpu/fragment.rs`.

struct List {
    count: atomic<u32>,
    unused: u32,
    fragments: array<Fragments>,
}

@group(0) @binding(3) var<storage, read> triangles: array<Triangle>;
// two samples in each
@group(0) @binding(5) var<storage, read> samples: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> pixels: array<Pixel>;
@group(0) @binding(7) var<storage, read_write> of_skin: List;
@group(0) @binding(8) var<storage, read_write> of_solids: List;

@compute @workgroup_size(GROUP)
fn collect(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let pixel = number(group, local);
    if pixel / 64u >= arrayLength(&blocks) {
        return;
    }
    let block = blocks[pixel / 64u];
    let scene = block.scene;
    let first = first_sample(block, in_block(pixel)) / 2u;
    let tolerance = scenes[scene].tolerance;
    var inv_z: array<f32, 8>;
    var tags: array<u32, 8>;
    // samples that show a surface and belong to none yet, one bit each
    var waiting = 0u;
    var near = 0.0;
    var far = 3.4e38;
    for (var s = 0u; s < 8u; s += 2u) {
        let two = samples[first + s / 2u];
        // without a triangle there is no surface, whatever the depth
        inv_z[s] = select(0.0, bitcast<f32>(two.y), two.x != 0u);
        inv_z[s + 1u] = select(0.0, bitcast<f32>(two.w), two.z != 0u);
        near = max(near, max(inv_z[s], inv_z[s + 1u]));
        far = min(far, min(inv_z[s], inv_z[s + 1u]));
        if inv_z[s] > 0.0 {
            waiting |= 1u << s;
            tags[s] = triangles[~two.x].tags;
        }
        if inv_z[s + 1u] > 0.0 {
            waiting |= 2u << s;
            tags[s + 1u] = triangles[~two.z].tags;
        }
    }
    let open = 8u - countOneBits(waiting);
    var is_one = open == 0u && far > near - near * tolerance;
    for (var s = 1u; s < 8u; s++) {
        is_one = is_one && tags[s] >> 24u == tags[0] >> 24u;
    }
    var skin = 0u;
    var solid = 0u;
    while waiting != 0u {
        let s = firstTrailingBit(waiting);
        var covered = 0u;
        for (var other = s; other < 8u; other++) {
            let is_close = abs(inv_z[other] - inv_z[s]) <= inv_z[s] * tolerance;
            let belongs = is_one || (is_close && tags[other] >> 24u == tags[s] >> 24u);
            covered |= select(0u, 1u << other, belongs);
        }
        covered &= waiting;
        waiting &= ~covered;
        let count = countOneBits(covered) << (4u * s);
        let is_skin = (tags[s] & 255u) < scenes[scene].skins;
        skin |= select(0u, count, is_skin);
        solid |= select(count, 0u, is_skin);
    }
    if skin != 0u {
        of_skin.fragments[atomicAdd(&of_skin.count, 1u)] = Fragments(pixel, skin);
    }
    if solid != 0u {
        of_solids.fragments[atomicAdd(&of_solids.count, 1u)] = Fragments(pixel, solid);
    }
    // part, then instance
    let ids = select(0u, (tags[0] >> 16u & 255u) | (tags[0] & 0xff00u), inv_z[0] > 0.0);
    let depth = select(0.0, 1.0 / inv_z[0], inv_z[0] > 0.0);
    pixels[pixel] = Pixel(0.0, 0.0, 0.0, f32(open) / 8.0, depth, ids);
}

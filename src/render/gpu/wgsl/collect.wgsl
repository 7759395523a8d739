// From samples to ids, depth and the surfaces that need shading; pair of `cpu/fragment.rs`.

struct List {
    count: atomic<u32>,
    unused_a: u32,
    unused_b: u32,
    unused_c: u32,
    fragments: array<Fragments>,
}

@group(0) @binding(3) var<storage, read> triangles: array<Triangle>;
@group(0) @binding(5) var<storage, read> samples: array<u32>;
@group(0) @binding(6) var<storage, read_write> pixels: array<Pixel>;
@group(0) @binding(7) var<storage, read_write> of_skin: List;
@group(0) @binding(8) var<storage, read_write> of_solids: List;

@compute @workgroup_size(GROUP)
fn collect(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let scene = group.z;
    let k = number(group, groups, local);
    if k >= scenes[scene].width * scenes[scene].height {
        return;
    }
    let number = scenes[scene].first_pixel + k;
    let first = scenes[scene].first_triangle;
    let tolerance = scenes[scene].tolerance;
    var inv_z: array<f32, 8>;
    var tags: array<u32, 8>;
    // samples that show a surface and belong to none yet, one bit each
    var waiting = 0u;
    var near = 0.0;
    var far = 3.4e38;
    for (var s = 0u; s < 8u; s++) {
        inv_z[s] = bitcast<f32>(samples[number * 16u + s]);
        near = max(near, inv_z[s]);
        far = min(far, inv_z[s]);
        if inv_z[s] > 0.0 {
            waiting |= 1u << s;
            tags[s] = triangles[first + ~samples[number * 16u + 8u + s]].tags;
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
        of_skin.fragments[atomicAdd(&of_skin.count, 1u)] = Fragments(scene, k, skin, 0u);
    }
    if solid != 0u {
        of_solids.fragments[atomicAdd(&of_solids.count, 1u)] = Fragments(scene, k, solid, 0u);
    }
    // part, then instance
    let ids = select(0u, (tags[0] >> 16u & 255u) | (tags[0] & 0xff00u), inv_z[0] > 0.0);
    let depth = select(0.0, 1.0 / inv_z[0], inv_z[0] > 0.0);
    pixels[number] = Pixel(0.0, 0.0, 0.0, f32(open) / 8.0, depth, ids);
}

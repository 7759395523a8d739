// The nearest of each sample in one pass, where the adapter has atomics of 64 bits.

// Per pixel eight samples: 1 / depth in the upper half, ~number of the triangle in the lower; 0 where there is none.
// The largest is the nearest surface, and of equally near ones the first.
@group(0) @binding(5) var<storage, read_write> samples: array<atomic<u64>>;

@compute @workgroup_size(GROUP)
fn find_nearest(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    draw(number(group, local));
}

fn keep(sample: u32, depth: u32, triangle: u32) {
    atomicMax(&samples[sample], (u64(depth) << 32u) | u64(~triangle));
}

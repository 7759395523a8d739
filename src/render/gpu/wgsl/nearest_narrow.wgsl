// The nearest of each sample where atomics end at 32 bits: a pass for the depth, and one for the first triangle that has it.

// What `nearest_wide.wgsl` writes, in halves of which the lower comes first.
@group(0) @binding(5) var<storage, read_write> samples: array<atomic<u32>>;

var<private> knows_depth = false;

@compute @workgroup_size(GROUP)
fn find_depth(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    draw(number(group, local));
}

@compute @workgroup_size(GROUP)
fn find_triangle(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    knows_depth = true;
    draw(number(group, local));
}

fn keep(sample: u32, depth: u32, triangle: u32) {
    if !knows_depth {
        atomicMax(&samples[2u * sample + 1u], depth);
    } else if depth + SAME_DEPTH >= atomicLoad(&samples[2u * sample + 1u]) {
        atomicMax(&samples[2u * sample], ~triangle);
    }
}

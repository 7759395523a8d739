// Openness of every vertex of a visible triangle; pair of `cpu/occlusion.rs`.

struct Capsule {
    // start, 1 / squared length of the axis
    start: vec4f,
    // axis, its length
    axis: vec4f,
    radius: f32,
    growth: f32,
    unused_a: u32,
    unused_b: u32,
}

@group(0) @binding(2) var<storage, read_write> vertices: array<Vertex>;
@group(0) @binding(3) var<storage, read> capsules: array<Capsule>;
// Numbers of vertices in eights that share the choice of capsules, as on the processor: a scene's last eight may have gaps,
// the fifth place is that of the one in their middle.
@group(0) @binding(4) var<storage, read> used: array<u32>;

@compute @workgroup_size(GROUP)
fn occlude(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, local);
    if k >= arrayLength(&used) || used[k] == NO_VERTEX {
        return;
    }
    let middle = vertices[used[(k & ~7u) + 4u]].position_n.xyz;
    let vertex = used[k];
    let position = vertices[vertex].position_n.xyz;
    let normal = vec3f(vertices[vertex].position_n.w, vertices[vertex].n_uv.xy);
    let scene = bitcast<u32>(vertices[vertex].screen.w);
    var open = 1.0;
    let first = scenes[scene].first_capsule;
    let end = first + scenes[scene].capsules;
    for (var c = first; c < end; c++) {
        if reaches(c, middle) {
            open *= openness(c, position, normal);
        }
    }
    vertices[vertex].look.y = open;
}

fn reaches(c: u32, p: vec3f) -> bool {
    let start = capsules[c].start;
    let axis = capsules[c].axis.xyz;
    let t = clamp(dot(p - start.xyz, axis) * start.w, 0.0, 1.0);
    let reach = (capsules[c].radius + capsules[c].growth * t) * REACH_RADII;
    let off = p - (start.xyz + axis * t);
    return dot(off, off) < reach * reach;
}

// Share of the cosine-weighted hemisphere that one capsule leaves open.
fn openness(c: u32, position: vec3f, normal: vec3f) -> f32 {
    let to_start = capsules[c].start.xyz - position;
    let axis = capsules[c].axis.xyz;
    let t = saturate(-dot(to_start, axis) * capsules[c].start.w);
    let to_nearest = to_start + axis * t;
    let distance = max(sqrt(dot(to_nearest, to_nearest)), 1e-6);
    let radius = t * capsules[c].growth + capsules[c].radius;
    // sine of the sphere's half angle
    let sine = min(radius / distance, 1.0);
    let cosine = dot(normal, to_nearest) / distance;
    // part of the sphere above the horizon: all of it, a falling share, nothing
    let rising = max(cosine + sine, 0.0);
    let partly = rising * rising / (sine * 4.0);
    let above = select(partly, cosine, cosine > sine);
    // a long capsule hides more than its nearest sphere, up to a full cylinder
    let length = min(distance * 1.5, capsules[c].axis.w);
    let stretched = min(sine * (length / radius * 0.64 + 1.0), 1.0);
    return 1.0 - min(above * sine * stretched, 1.0);
}

// Shadow maps: the nearest far side at every texel; pair of `ShadowMap::draw` in `cpu/shadow.rs`.

@group(0) @binding(2) var<storage, read> projected: array<f32>;
@group(0) @binding(5) var<storage, read> casters: array<u32>;
@group(0) @binding(6) var<storage, read_write> shadow: array<atomic<u32>>;

@compute @workgroup_size(GROUP)
fn cast_shadows(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, groups, local);
    let count = scenes[group.z].casters;
    if k >= count * scenes[group.z].lights {
        return;
    }
    let light = scenes[group.z].first_light + k / count;
    let caster = (scenes[group.z].first_caster + k % count) * 3u;
    let first = lights[light].first_projected;
    let a = corner(first + casters[caster]);
    let b = corner(first + casters[caster + 1u]);
    let c = corner(first + casters[caster + 2u]);
    let area = edge(a, b, c.xy);
    // also false where something is not a number
    if !(area > 0.0) {
        return;
    }
    let low = max(min(min(a.xy, b.xy), c.xy) + 0.5, vec2f(0.0));
    let high = max(max(max(a.xy, b.xy), c.xy) + 0.5, vec2f(0.0));
    let size = vec2u(lights[light].width, lights[light].height);
    let margin = select(0u, SHADOW_MARGIN, scenes[group.z].has_solids != 0u);
    let start = max(vec2u(low), vec2u(margin));
    let end = min(vec2u(high), size - margin);
    let slope_b = (b.z - a.z) / area;
    let slope_c = (c.z - a.z) / area;
    for (var row = start.y; row < end.y; row++) {
        let line = lights[light].first_texel + row * size.x;
        for (var column = start.x; column < end.x; column++) {
            let p = vec2f(f32(column), f32(row)) + 0.5;
            let e1 = edge(c, a, p);
            let e2 = edge(a, b, p);
            if min(min(e1, e2), edge(b, c, p)) >= 0.0 {
                atomicMax(&shadow[line + column], shadow_key(a.z + e1 * slope_b + e2 * slope_c));
            }
        }
    }
}

fn edge(a: vec3f, b: vec3f, p: vec2f) -> f32 {
    return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
}

fn corner(vertex: u32) -> vec3f {
    return vec3f(projected[vertex * 3u], projected[vertex * 3u + 1u], projected[vertex * 3u + 2u]);
}

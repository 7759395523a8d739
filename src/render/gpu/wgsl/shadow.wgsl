// Shadow maps: the nearest far side at every texel; pair of `ShadowMap::draw` in `cpu/shadow.rs`.

@group(0) @binding(2) var<storage, read> vertices: array<Vertex>;
// three vertices, then the scene, and in the upper half which share of the rows is drawn: number and count less one
@group(0) @binding(5) var<storage, read> casters: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> shadow: array<atomic<u32>>;

@compute @workgroup_size(GROUP)
fn cast_shadows(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, local);
    if k >= arrayLength(&casters) {
        return;
    }
    let caster = casters[k];
    let a = vertices[caster.x].position_n.xyz;
    let b = vertices[caster.y].position_n.xyz;
    let c = vertices[caster.z].position_n.xyz;
    let scene = caster.w & 0xffffu;
    let share = vec2u(caster.w >> 16u & 255u, (caster.w >> 24u) + 1u);
    let margin = select(0u, SHADOW_MARGIN, scenes[scene].has_solids != 0u);
    let end = scenes[scene].first_light + scenes[scene].lights;
    for (var light = scenes[scene].first_light; light < end; light++) {
        throw_shadow(light, margin, share, projected(light, a), projected(light, b), projected(light, c));
    }
}

// Every so-many-th row of one triangle into the map of one light.
fn throw_shadow(light: u32, margin: u32, share: vec2u, a: vec3f, b: vec3f, c: vec3f) {
    let area = edge(a, b, c.xy);
    // also false where something is not a number
    if !(area > 0.0) {
        return;
    }
    let low = max(min(min(a.xy, b.xy), c.xy) + 0.5, vec2f(0.0));
    let high = max(max(max(a.xy, b.xy), c.xy) + 0.5, vec2f(0.0));
    let size = vec2u(lights[light].width, lights[light].height);
    let start = max(vec2u(low), vec2u(margin));
    let end = min(vec2u(high), size - margin);
    let slope_b = (b.z - a.z) / area;
    let slope_c = (c.z - a.z) / area;
    for (var row = start.y + share.x; row < end.y; row += share.y) {
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

// Texel column, texel row and distance away from the light.
fn projected(light: u32, p: vec3f) -> vec3f {
    let column = lights[light].column;
    let row = lights[light].row;
    let away = lights[light].away;
    return vec3f(dot(p, column.xyz) + column.w, dot(p, row.xyz) + row.w, dot(p, away.xyz) + away.w);
}

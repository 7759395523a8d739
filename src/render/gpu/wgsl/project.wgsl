// Vertices in the shadow maps of all lights: texel column, texel row and distance away from the light.

@group(0) @binding(2) var<storage, read> vertices: array<Vertex>;
@group(0) @binding(3) var<storage, read_write> projected: array<f32>;

@compute @workgroup_size(GROUP)
fn project(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let k = number(group, groups, local);
    let count = scenes[group.z].vertices;
    if k >= count * scenes[group.z].lights {
        return;
    }
    let light = scenes[group.z].first_light + k / count;
    let p = vertices[scenes[group.z].first_vertex + k % count].position_u.xyz;
    let column = lights[light].column;
    let row = lights[light].row;
    let away = lights[light].away;
    let at = (lights[light].first_projected + k % count) * 3u;
    projected[at] = dot(p, column.xyz) + column.w;
    projected[at + 1u] = dot(p, row.xyz) + row.w;
    projected[at + 2u] = dot(p, away.xyz) + away.w;
}

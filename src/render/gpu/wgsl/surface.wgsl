// A place on a triangle; pair of `shares` and `interpolate` in `cpu/gather.rs`.

@group(0) @binding(2) var<storage, read> vertices: array<Vertex>;
@group(0) @binding(3) var<storage, read> triangles: array<Triangle>;

// What the corners of a triangle make of a point in the picture.
struct Place {
    position: vec3f,
    // normalised
    normal: vec3f,
    uv: vec2f,
    // palmar or detail, openness, curvature
    look: vec3f,
    bind: vec3f,
    flexion: f32,
    tension: f32,
    // two edges: in space, in texture coordinates, in the bind pose
    edge_b: vec3f,
    edge_c: vec3f,
    uv_b: vec2f,
    uv_c: vec2f,
    bind_b: vec3f,
    bind_c: vec3f,
    // texture area per pixel
    area: f32,
}

fn double_area(a: vec2f, b: vec2f, c: vec2f) -> f32 {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

fn place(triangle: u32, at: vec2f) -> Place {
    let a = vertices[triangles[triangle].a];
    let b = vertices[triangles[triangle].b];
    let c = vertices[triangles[triangle].c];
    // shares of the corners, perspective-correct
    let weights = vec3f(
        double_area(b.screen.xy, c.screen.xy, at) * a.screen.z,
        double_area(c.screen.xy, a.screen.xy, at) * b.screen.z,
        double_area(a.screen.xy, b.screen.xy, at) * c.screen.z,
    );
    let share = weights * (1.0 / (weights.x + weights.y + weights.z));
    let position_n = a.position_n * share.x + b.position_n * share.y + c.position_n * share.z;
    let n_uv = a.n_uv * share.x + b.n_uv * share.y + c.n_uv * share.z;
    let look = a.look * share.x + b.look * share.y + c.look * share.z;
    let bind_fold = a.bind_fold * share.x + b.bind_fold * share.y + c.bind_fold * share.z;
    let uv_b = b.n_uv.zw - a.n_uv.zw;
    let uv_c = c.n_uv.zw - a.n_uv.zw;
    let bind = vec3f(a.look.w, a.bind_fold.xy);
    let in_picture = double_area(a.screen.xy, b.screen.xy, c.screen.xy);
    return Place(
        position_n.xyz,
        unit(vec3f(position_n.w, n_uv.xy)),
        n_uv.zw,
        look.xyz,
        vec3f(look.w, bind_fold.xy),
        bind_fold.z,
        bind_fold.w,
        b.position_n.xyz - a.position_n.xyz,
        c.position_n.xyz - a.position_n.xyz,
        uv_b,
        uv_c,
        vec3f(b.look.w, b.bind_fold.xy) - bind,
        vec3f(c.look.w, c.bind_fold.xy) - bind,
        abs(uv_b.x * uv_c.y - uv_b.y * uv_c.x) / in_picture,
    );
}

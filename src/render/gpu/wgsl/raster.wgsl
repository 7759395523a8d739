// Which triangle is seen at each of eight samples per pixel; pair of `cpu/raster.rs`.
// Eight invocations share a piece of a triangle, one for each sample; what is nearest is kept by `keep`.

struct Piece {
    // corners in the picture, in the order that makes the area positive
    ab: vec4f,
    // third corner, then 1 / depth of the first and the second
    c_depths: vec4f,
    // 1 / depth of the third
    depth_c: f32,
    triangle: u32,
    // first column, and row in the upper half; columns and rows
    corner: u32,
    size: u32,
    // pixel of the batch at the corner, and how many are in a row
    pixel: u32,
    pitch: u32,
    unused_a: u32,
    unused_b: u32,
}

@group(0) @binding(4) var<storage, read> pieces: array<Piece>;

// Line through two corners, positive on the triangle's side.
struct Edge {
    a: f32,
    b: f32,
    x: f32,
    y: f32,
    // `a` and `b` times the sample's place
    sample: f32,
    // least value that is inside: 0, or the smallest positive float where the edge belongs to the other side
    least: f32,
}

fn draw(k: u32) {
    if k / 8u >= arrayLength(&pieces) {
        return;
    }
    let lane = k % 8u;
    let piece = pieces[k / 8u];
    let a = piece.ab.xy;
    let b = piece.ab.zw;
    let c = piece.c_depths.xy;
    let depth_a = piece.c_depths.z;
    let area = double_area(a, b, c);
    // of a sliver the adapter may find none, also none that is a number
    if !(area > 0.0) {
        return;
    }
    let inv_area = 1.0 / area;
    let slope_b = (piece.c_depths.w - depth_a) * inv_area;
    let least = min(min(depth_a, piece.c_depths.w), piece.depth_c);
    let most = max(max(depth_a, piece.c_depths.w), piece.depth_c);
    let slope_c = (piece.depth_c - depth_a) * inv_area;
    let at = SAMPLES_PX[lane];
    let edges = array(edge(b, c, at), edge(c, a, at), edge(a, b, at));
    let corner = vec2u(piece.corner & 0xffffu, piece.corner >> 16u);
    let size = vec2u(piece.size & 0xffffu, piece.size >> 16u);
    for (var row = 0u; row < size.y; row++) {
        let y = f32(corner.y + row);
        let rows = vec3f(edge_row(edges[0], y), edge_row(edges[1], y), edge_row(edges[2], y));
        let line = (piece.pixel + row * piece.pitch) * 8u + lane;
        for (var column = 0u; column < size.x; column++) {
            let x = f32(corner.x + column);
            let e0 = edge_at(edges[0], x, rows.x);
            let e1 = edge_at(edges[1], x, rows.y);
            let e2 = edge_at(edges[2], x, rows.z);
            if e0 >= edges[0].least && e1 >= edges[1].least && e2 >= edges[2].least {
                let inv_z = clamp(depth_a + e1 * slope_b + e2 * slope_c, least, most);
                keep(line + column * 8u, bitcast<u32>(inv_z), piece.triangle);
            }
        }
    }
}

fn double_area(a: vec2f, b: vec2f, c: vec2f) -> f32 {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

fn edge(start: vec2f, end: vec2f, at: vec2f) -> Edge {
    // evaluated from the same end in both triangles that share the edge
    let forward = start.x < end.x || (start.x <= end.x && start.y < end.y);
    let base = select(end, start, forward);
    let a = start.y - end.y;
    let b = end.x - start.x;
    return Edge(a, b, base.x, base.y, at.x * a + at.y * b, select(SMALLEST, 0.0, forward));
}

// Values at the sample of a pixel, given the row's share.
fn edge_at(edge: Edge, column: f32, row: f32) -> f32 {
    return edge.sample + (edge.a * (column - edge.x) + row);
}

fn edge_row(edge: Edge, row: f32) -> f32 {
    return edge.b * (row - edge.y);
}

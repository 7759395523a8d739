// Which triangle is seen at each of eight samples per pixel; pair of `cpu/raster.rs`.
// Eight invocations share a piece of a triangle, one for each sample. The first pass finds the nearest 1 / depth, the
// second the first triangle that has it.

struct Piece {
    // corners in the picture and their 1 / depth, in the order that makes the area positive
    ax: f32,
    ay: f32,
    bx: f32,
    by: f32,
    cx: f32,
    cy: f32,
    az: f32,
    bz: f32,
    cz: f32,
    // number of the triangle in its scene
    triangle: u32,
    // first column, and row in the upper half; columns and rows
    corner: u32,
    size: u32,
    // pixel of the batch at the corner
    pixel: u32,
}

@group(0) @binding(4) var<storage, read> pieces: array<Piece>;
// Per pixel of a window: 1 / depth at eight samples, then ~number of the scene's triangle; 0 where there is none.
@group(0) @binding(5) var<storage, read_write> samples: array<atomic<u32>>;

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

@compute @workgroup_size(GROUP)
fn find_depth(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    draw(number(group, groups, local), group.z, false);
}

@compute @workgroup_size(GROUP)
fn find_triangle(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    draw(number(group, groups, local), group.z, true);
}

fn draw(k: u32, scene: u32, is_second: bool) {
    if k / 8u >= scenes[scene].pieces {
        return;
    }
    let lane = k % 8u;
    let piece = pieces[scenes[scene].first_piece + k / 8u];
    let pitch = scenes[scene].width;
    let a = vec2f(piece.ax, piece.ay);
    let b = vec2f(piece.bx, piece.by);
    let c = vec2f(piece.cx, piece.cy);
    let inv_area = 1.0 / double_area(a, b, c);
    let slope_b = (piece.bz - piece.az) * inv_area;
    let slope_c = (piece.cz - piece.az) * inv_area;
    let at = SAMPLES_PX[lane];
    let edges = array(edge(b, c, at), edge(c, a, at), edge(a, b, at));
    let corner = vec2u(piece.corner & 0xffffu, piece.corner >> 16u);
    let size = vec2u(piece.size & 0xffffu, piece.size >> 16u);
    for (var row = 0u; row < size.y; row++) {
        let y = f32(corner.y + row);
        let rows = vec3f(edge_row(edges[0], y), edge_row(edges[1], y), edge_row(edges[2], y));
        let line = (piece.pixel + row * pitch) * 16u + lane;
        for (var column = 0u; column < size.x; column++) {
            let x = f32(corner.x + column);
            let e0 = edge_at(edges[0], x, rows.x);
            let e1 = edge_at(edges[1], x, rows.y);
            let e2 = edge_at(edges[2], x, rows.z);
            if e0 >= edges[0].least && e1 >= edges[1].least && e2 >= edges[2].least {
                let bits = bitcast<u32>(piece.az + e1 * slope_b + e2 * slope_c);
                let place = line + column * 16u;
                if !is_second {
                    atomicMax(&samples[place], bits);
                } else if bits + SAME_DEPTH >= atomicLoad(&samples[place]) {
                    atomicMax(&samples[place + 8u], ~piece.triangle);
                }
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

// How many workgroups the lists of fragments take.

struct Count {
    count: u32,
}

@group(0) @binding(7) var<storage, read> of_skin: Count;
@group(0) @binding(8) var<storage, read> of_solids: Count;
// columns, rows and layers of both grids
@group(0) @binding(9) var<storage, read_write> grids: array<u32, 6>;

@compute @workgroup_size(1)
fn measure() {
    write_grid(0u, of_skin.count);
    write_grid(3u, of_solids.count);
}

fn write_grid(at: u32, count: u32) {
    let groups = (count + GROUP - 1u) / GROUP;
    let columns = max(min(groups, MOST_GROUPS), 1u);
    grids[at] = columns;
    grids[at + 1u] = (groups + columns - 1u) / columns;
    grids[at + 2u] = 1u;
}

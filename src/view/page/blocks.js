// Virtual blocks that tracked hands pinch, grab, move and drop. No browser, no clock, no chance: a world is a value, and
// `step` makes the next one of it, so that equal frames make equal worlds.
//
// Metres and seconds in the page's space: +X right, +Y up, +Z to the viewer. Rotations are unit quaternions [x, y, z, w].
// A hand is { id, points }: 21 keypoints in the usual order.

export const TABLE_HALF = 0.26;
const TABLE_BELOW_HAND = 0.12;
const GRAVITY = 9.81;
const LONGEST_STEP = 1 / 240;
const LONGEST_FRAME = 0.1; // after a longer gap the world goes on as if nothing had been
const PATIENCE = 0.25; // seconds that a hand may be lost without letting go
const BESIDE = 0.03;
const SINK = 0.006; // a block that is deeper in another one, but for its speed, is beside it, not on it
const LOST_BELOW = 0.5; // a block that fell so far comes back
const UPRIGHT_RATE = 14; // per second: how fast a falling block turns flat
const FRICTION_RATE = 16;
const SLIDE_SPEED = 0.25;

// Shares of the length of the palm (wrist to middle MCP, about 85 mm); closing and opening differ, or a trembling hand would drop things.
export const PINCH = { close: 0.3, open: 0.45 };
export const GRAB = { close: 0.72, open: 0.88 };
const REACH = { pinch: 0.016, grab: 0.035 }; // metres from a block's surface

// Half sizes, place on the table (x, z) and turn of each block.
const BLOCKS = [
  { half: [0.018, 0.018, 0.018], home: [-0.12, 0.035], turn: 0.3 },
  { half: [0.018, 0.018, 0.018], home: [-0.045, 0.06], turn: -0.2 },
  { half: [0.02, 0.014, 0.02], home: [0.045, 0.06], turn: 0.15 },
  { half: [0.018, 0.018, 0.018], home: [0.12, 0.035], turn: -0.35 },
  { half: [0.034, 0.014, 0.017], home: [-0.075, -0.045], turn: 0.1 },
  { half: [0.016, 0.03, 0.016], home: [0.075, -0.045], turn: 0.5 },
];

// ---- vectors and quaternions

const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const scale = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const length = (a) => Math.sqrt(dot(a, a));
const mean = (points) => scale(points.reduce(add), 1 / points.length);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const isFinite3 = (a) => Array.isArray(a) && a.every(Number.isFinite);

function normalised(a) {
  const l = length(a);
  return l > 1e-9 ? scale(a, 1 / l) : null;
}

export function multiply(a, b) {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

const conjugate = (q) => [-q[0], -q[1], -q[2], q[3]];

export function rotate(q, v) {
  const t = scale(cross(q, v), 2);
  return add(add(v, scale(t, q[3])), cross(q, t));
}

function unit(q) {
  const l = Math.hypot(...q);
  return l > 1e-9 ? q.map((x) => x / l) : [0, 0, 0, 1];
}

/** The shortest turn that takes one unit vector to another. */
function turnBetween(a, b) {
  const d = dot(a, b);
  if (d < -0.999999) {
    const side = Math.abs(a[0]) < 0.9 ? [1, 0, 0] : [0, 0, 1];
    return [...normalised(cross(a, side)), 0];
  }
  return unit([...cross(a, b), 1 + d]);
}

function towards(from, to, share) {
  const sign = from[0] * to[0] + from[1] * to[1] + from[2] * to[2] + from[3] * to[3] < 0 ? -1 : 1;
  return unit(from.map((x, k) => x + (sign * to[k] - x) * share));
}

/** Rotation with the given columns (right-handed, unit, perpendicular). */
function fromAxes(x, y, z) {
  const m = [x[0], y[1], z[2]];
  const w = Math.sqrt(Math.max(0, 1 + m[0] + m[1] + m[2])) / 2;
  if (w > 0.1) return unit([(y[2] - z[1]) / (4 * w), (z[0] - x[2]) / (4 * w), (x[1] - y[0]) / (4 * w), w]);
  const largest = m.indexOf(Math.max(...m));
  const [i, j, k] = [largest, (largest + 1) % 3, (largest + 2) % 3];
  const columns = [x, y, z];
  const s = Math.sqrt(Math.max(1e-12, 1 + columns[i][i] - columns[j][j] - columns[k][k])) * 2;
  const q = [0, 0, 0, (columns[j][k] - columns[k][j]) / s];
  q[i] = s / 4;
  q[j] = (columns[i][j] + columns[j][i]) / s;
  q[k] = (columns[i][k] + columns[k][i]) / s;
  return unit(q);
}

// ---- the hand

export const palmLength = (points) => length(sub(points[9], points[0]));
const palmCentre = (points) => mean([points[0], points[5], points[9], points[13], points[17]]);

/** Distance between the tips of thumb and index finger, in lengths of the palm. */
export const pinchGap = (points) => length(sub(points[4], points[8])) / palmLength(points);

/** Mean distance of the fingertips from the palm's centre, in lengths of the palm. */
export function openness(points) {
  const centre = palmCentre(points);
  return [8, 12, 16, 20].reduce((sum, k) => sum + length(sub(points[k], centre)), 0) / 4 / palmLength(points);
}

/** True if a measure that was or was not below its limits is now. */
export const latched = (was, value, limits) => value < (was ? limits.open : limits.close);

/** How a hand is closed now: 'pinch', 'grab' or null. One that is closed stays so in its own way. */
export function closure(was, points) {
  if (was === 'grab') return latched(true, openness(points), GRAB) ? 'grab' : null;
  if (latched(was === 'pinch', pinchGap(points), PINCH)) return 'pinch';
  return latched(false, openness(points), GRAB) ? 'grab' : null;
}

/** Where a hand holds things and how that place is turned: between the tips, or before the palm. Null if the points say nothing. */
export function gripFrame(mode, points) {
  const tips = mode === 'grab' ? mean([points[8], points[12], points[16], points[20]]) : mean([points[4], points[8]]);
  const origin = mode === 'grab' ? mean([tips, palmCentre(points)]) : tips;
  const root = mode === 'grab' ? points[0] : mean([points[2], points[5]]);
  const far = mode === 'grab' ? points[9] : origin;
  const y = normalised(sub(far, root));
  const across = sub(points[5], points[17]);
  const x = y && normalised(sub(across, scale(y, dot(across, y))));
  return x && { origin, rotation: fromAxes(x, y, cross(x, y)) };
}

const usable = (hand) =>
  hand.points.length === 21 && hand.points.every(isFinite3) && palmLength(hand.points) > 1e-3;

// ---- blocks

/** The rotation that stands flat and is nearest to the given one. */
export function upright(rotation) {
  const up = rotate(conjugate(rotation), [0, 1, 0]);
  const largest = up.map(Math.abs).indexOf(Math.max(...up.map(Math.abs)));
  const axis = [0, 0, 0];
  axis[largest] = Math.sign(up[largest]) || 1;
  return unit(multiply(turnBetween(normalised(rotate(rotation, axis)) ?? [0, 1, 0], [0, 1, 0]), rotation));
}

/** Half the height of a turned block. */
export function halfHeight(block) {
  const up = rotate(conjugate(block.rotation), [0, 1, 0]);
  return block.half.reduce((sum, h, k) => sum + h * Math.abs(up[k]), 0);
}

const bottom = (block) => block.position[1] - halfHeight(block);
const top = (block) => block.position[1] + halfHeight(block);

/** The rectangle on which a block stands, once flat: two half sides as vectors (x, z). */
function footprint(block) {
  const flat = upright(block.rotation);
  const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map((axis) => rotate(flat, axis));
  return axes.map((a, k) => ({ a, h: block.half[k] })).filter(({ a }) => Math.abs(a[1]) < 0.7)
    .map(({ a, h }) => [a[0] * h, a[2] * h]);
}

/** The shortest way (x, z) that frees footprint a from b; null if they do not overlap. */
function overlap(a, b) {
  const [fa, fb] = [footprint(a), footprint(b)];
  const apart = [a.position[0] - b.position[0], a.position[2] - b.position[2]];
  let best = null;
  for (const side of [...fa, ...fb]) {
    const l = Math.hypot(...side) || 1;
    const axis = [side[0] / l, side[1] / l];
    const reach = [...fa, ...fb].reduce((sum, s) => sum + Math.abs(s[0] * axis[0] + s[1] * axis[1]), 0);
    const along = apart[0] * axis[0] + apart[1] * axis[1];
    const depth = reach - Math.abs(along);
    if (depth <= 1e-6) return null;
    const sign = along < 0 ? -1 : 1;
    if (!best || depth < best.depth) best = { depth, way: [axis[0] * sign, axis[1] * sign] };
  }
  return best;
}

/** Distance of a point from a block's surface; 0 inside. */
export function distance(block, point) {
  const local = rotate(conjugate(block.rotation), sub(point, block.position));
  return Math.hypot(...local.map((x, k) => Math.max(Math.abs(x) - block.half[k], 0)));
}

function nearest(blocks, point, reach) {
  const free = blocks.map((block, k) => ({ k, d: distance(block, point), c: length(sub(block.position, point)) }))
    .filter(({ k, d }) => blocks[k].holder === null && d <= reach);
  return free.sort((a, b) => a.d - b.d || a.c - b.c || a.k - b.k)[0]?.k ?? null;
}

// ---- the world

/** Six blocks on a table before and below a place, such as the palm's centre. */
export function createWorld(centre) {
  const table = { x: centre[0], y: centre[1] - TABLE_BELOW_HAND, z: centre[2] };
  const blocks = BLOCKS.map((made) => placed(table, made, 0));
  return { table, blocks, grips: {}, hover: {} };
}

/** A world around the palm of the first hand that can be used; null if there is none. */
export function worldAround(hands) {
  const hand = hands.find(usable);
  return hand ? createWorld(palmCentre(hand.points)) : null;
}

function placed(table, { half, home, turn }, height) {
  const position = [table.x + home[0], table.y + half[1] + height, table.z + home[1]];
  const rotation = [0, Math.sin(turn / 2), 0, Math.cos(turn / 2)];
  return { half, home, turn, position, rotation, velocity: [0, 0, 0], holder: null };
}

/** The world after `dt` seconds with hands as they are then. */
export function step(world, hands, dt) {
  const next = {
    table: world.table,
    blocks: world.blocks.map((block) => ({ ...block })),
    grips: { ...world.grips },
    hover: {},
  };
  const time = clamp(Number.isFinite(dt) ? dt : 0, 0, LONGEST_FRAME);
  updateGrips(next, hands.filter(usable), time);
  carry(next, time);
  const steps = Math.max(1, Math.ceil(time / LONGEST_STEP));
  for (let k = 0; k < steps && time > 0; k += 1) fall(next, time / steps);
  return next;
}

function updateGrips(world, hands, time) {
  for (const [id, grip] of Object.entries(world.grips)) {
    const missing = hands.some((hand) => String(hand.id) === id) ? 0 : grip.missing + time;
    world.grips[id] = { ...grip, missing };
    if (missing > PATIENCE) {
      release(world, grip);
      delete world.grips[id];
    }
  }
  for (const { id, points } of hands) {
    const before = world.grips[id] ?? { mode: null, held: null, offset: null, missing: 0 };
    const mode = closure(before.mode, points);
    const grip = { ...before, mode, frame: gripFrame(mode ?? 'pinch', points) ?? before.frame };
    world.grips[id] = grip;
    if (mode === null) {
      release(world, grip);
      world.hover[id] = withinReach(world.blocks, points);
    } else if (before.mode === null && grip.frame) {
      take(world, id, grip);
    }
  }
}

/** What an open hand would take if it closed now. */
function withinReach(blocks, points) {
  const reached = ['pinch', 'grab'].map((mode) => {
    const frame = gripFrame(mode, points);
    return frame && nearest(blocks, frame.origin, REACH[mode]);
  });
  return reached.find((k) => k !== null) ?? null;
}

function take(world, id, grip) {
  const held = nearest(world.blocks, grip.frame.origin, REACH[grip.mode]);
  if (held === null) return;
  const block = world.blocks[held];
  const back = conjugate(grip.frame.rotation);
  block.holder = String(id);
  grip.held = held;
  grip.offset = {
    position: rotate(back, sub(block.position, grip.frame.origin)),
    rotation: multiply(back, block.rotation),
  };
}

function release(world, grip) {
  if (grip.held === null) return;
  world.blocks[grip.held].holder = null;
  grip.held = null;
  grip.offset = null;
}

/** Held blocks go with their hands, but not into the table. */
function carry(world, time) {
  for (const grip of Object.values(world.grips)) {
    if (grip.held === null || !grip.frame) continue;
    const block = world.blocks[grip.held];
    const before = block.position;
    block.rotation = unit(multiply(grip.frame.rotation, grip.offset.rotation));
    block.position = add(grip.frame.origin, rotate(grip.frame.rotation, grip.offset.position));
    if (overTable(world.table, block.position)) block.position[1] = Math.max(block.position[1], world.table.y + halfHeight(block));
    const speed = time > 0 ? scale(sub(block.position, before), 1 / time) : [0, 0, 0];
    block.velocity = scale(speed, Math.min(1, 1 / (length(speed) || 1))); // thrown at 1 m/s at most
  }
}

const overTable = (table, [x, , z]) => Math.abs(x - table.x) <= TABLE_HALF && Math.abs(z - table.z) <= TABLE_HALF;

function fall(world, dt) {
  const order = world.blocks.map((_, k) => k).sort((a, b) => bottom(world.blocks[a]) - bottom(world.blocks[b]) || a - b);
  for (const k of order) {
    const block = world.blocks[k];
    if (block.holder !== null) continue;
    block.velocity[1] -= GRAVITY * dt;
    block.position = add(block.position, scale(block.velocity, dt));
    block.rotation = towards(block.rotation, upright(block.rotation), 1 - Math.exp(-UPRIGHT_RATE * dt));
    const supports = touch(world, k, dt);
    const beside = block.position[1] < world.table.y - BESIDE; // what is so low fell past the edge
    if (overTable(world.table, block.position) && bottom(block) <= world.table.y && !beside) {
      block.position[1] = world.table.y + halfHeight(block);
      land(block, 0, dt);
    } else {
      slide(block, supports);
    }
    const fallen = block.position[1] < world.table.y - LOST_BELOW;
    if (fallen || !isFinite3(block.position) || !block.rotation.every(Number.isFinite) || !isFinite3(block.velocity)) {
      world.blocks[k] = placed(world.table, block, 0.12);
    }
  }
}

function land(block, speed, dt) {
  const rub = Math.exp(-FRICTION_RATE * dt);
  block.velocity = [block.velocity[0] * rub, Math.max(block.velocity[1], speed), block.velocity[2] * rub];
}

/** Blocks do not enter each other: the upper one stands, others make way. Returns what the block stands on. */
function touch(world, number, dt) {
  const block = world.blocks[number];
  const supports = [];
  world.blocks.forEach((other, k) => {
    if (k === number) return;
    const depth = Math.min(top(block), top(other)) - Math.max(bottom(block), bottom(other));
    const way = depth > -1e-4 ? overlap(block, other) : null;
    if (!way) return;
    if (block.position[1] > other.position[1] && depth < SINK - block.velocity[1] * dt) {
      block.position[1] = top(other) + halfHeight(block);
      land(block, 0, dt);
      supports.push(other);
    } else if (depth > 1e-3) {
      const share = other.holder !== null ? 1 : 0.5;
      block.position = add(block.position, [way.way[0] * way.depth * share, 0, way.way[1] * way.depth * share]);
    }
  });
  return supports;
}

/** A block whose middle is beyond the only things it stands on slides off. */
function slide(block, supports) {
  if (supports.length === 0) return;
  const from = supports.map((s) => [block.position[0] - s.position[0], block.position[2] - s.position[2]]);
  const between = from.some((a) => from.some((b) => a[0] * b[0] + a[1] * b[1] < 0));
  const carried = supports.some((s) => distance({ ...s, rotation: upright(s.rotation) },
    [block.position[0], s.position[1], block.position[2]]) === 0);
  if (between || carried) return;
  const l = Math.hypot(...from[0]) || 1;
  block.velocity[0] = (from[0][0] / l) * SLIDE_SPEED;
  block.velocity[2] = (from[0][1] / l) * SLIDE_SPEED;
}

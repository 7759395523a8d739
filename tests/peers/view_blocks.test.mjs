// The live view's blocks and stream reader under `node --test`: no browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const load = (name) => {
  const source = readFileSync(new URL(`../../src/view/page/${name}`, import.meta.url));
  return import(`data:text/javascript;base64,${source.toString('base64')}`);
};
const blocks = await load('blocks.js');
const stream = await load('stream.js');
const plots = await load('plots.js');

const FRAME = 1 / 60;
const CENTRE = [0, 0.12, 0]; // the table is at y = 0
const near = (a, b, by, what) => assert.ok(Math.abs(a - b) <= by, `${what ?? ''} ${a} is not ${b} within ${by}`);

/** A hand above its pinch point: palm 100 mm long, tips of thumb and index `gap` apart; `turn` about the vertical. `closed` curls the fingers. */
function hand(at, { gap = 0.08, id = 1, turn = 0, closed = false } = {}) {
  const points = Array.from({ length: 21 }, () => [0, 0.1, 0]);
  const put = (k, x, y, z) => { points[k] = [x, y, z]; };
  put(0, 0, 0.1, 0.1);
  put(2, -0.02, 0.05, 0.05);
  [5, 9, 13, 17].forEach((k, i) => put(k, -0.02 + 0.02 * i, 0.1, 0));
  points[9] = [0, 0.1, 0]; // palm: 0.1 long
  [12, 16, 20].forEach((k, i) => put(k, 0.02 * i, closed ? 0.07 : 0.1, closed ? 0.03 : -0.08));
  put(4, -gap / 2, 0, 0);
  put(8, gap / 2, 0, 0);
  if (closed) put(8, 0, 0.07, 0.03);
  const [s, c] = [Math.sin(turn), Math.cos(turn)];
  return { id, points: points.map(([x, y, z]) => [c * x + s * z + at[0], y + at[1], -s * x + c * z + at[2]]) };
}

/** Steps through a list of hands, one frame each. */
const play = (world, frames) => frames.reduce((w, hands) => blocks.step(w, hands, FRAME), world);
const hold = (hands, seconds) => Array.from({ length: Math.round(seconds / FRAME) }, () => hands);
const lerp = (a, b, t) => a.map((x, k) => x + (b[k] - x) * t);
const move = (a, b, options, seconds) => Array.from({ length: Math.round(seconds / FRAME) },
  (_, k, n = Math.round(seconds / FRAME)) => [hand(lerp(a, b, (k + 1) / n), options)]);

test('nothing moves while nothing is held', () => {
  const world = blocks.createWorld(CENTRE);
  const later = play(world, hold([], 2));
  later.blocks.forEach((block, k) => block.position.forEach((x, i) => near(x, world.blocks[k].position[i], 1e-6)));
});

test('a hand is latched between its limits', () => {
  const pinched = (was, gap) => blocks.closure(was, hand([0, 0, 0], { gap }).points);
  assert.equal(pinched(null, 0.029), 'pinch');
  assert.equal(pinched(null, 0.031), null);
  assert.equal(pinched('pinch', 0.044), 'pinch');
  assert.equal(pinched('pinch', 0.046), null);
  assert.equal(blocks.closure(null, hand([0, 0, 0], { gap: 0.2, closed: true }).points), 'grab');
  // trembling about the closing limit changes nothing
  let mode = 'pinch';
  for (const gap of [0.029, 0.032, 0.028, 0.035, 0.04]) mode = blocks.closure(mode, hand([0, 0, 0], { gap }).points);
  assert.equal(mode, 'pinch');
});

test('a pinched block follows by exactly the way and turn of the hand', () => {
  const start = blocks.createWorld(CENTRE);
  const at = start.blocks[1].position;
  let world = play(start, [...hold([hand(at)], 0.1), ...hold([hand(at, { gap: 0.02 })], 0.1)]);
  assert.equal(world.blocks[1].holder, '1');
  const from = world.blocks[1];
  const up = [at[0] + 0.03, at[1] + 0.1, at[2] - 0.02];
  world = play(world, move(at, up, { gap: 0.02 }, 0.5));
  world.blocks[1].position.forEach((x, k) => near(x, from.position[k] + up[k] - at[k], 1e-9, 'way'));
  world = play(world, hold([hand(up, { gap: 0.02, turn: 0.5 })], 0.1));
  const axis = blocks.rotate(world.blocks[1].rotation, [1, 0, 0]);
  const was = blocks.rotate(from.rotation, [1, 0, 0]);
  near(Math.atan2(-axis[2], axis[0]) - Math.atan2(-was[2], was[0]), 0.5, 1e-9, 'turn');
});

test('a dropped block falls freely and comes to lie on the table', () => {
  const start = blocks.createWorld(CENTRE);
  const at = start.blocks[1].position;
  const up = [0, at[1] + 0.15, 0];
  let world = play(start, [...hold([hand(at, { gap: 0.02 })], 0.1), ...move(at, up, { gap: 0.02 }, 0.5), ...hold([hand(up, { gap: 0.02 })], 0.1)]);
  near(world.blocks[1].position[1], at[1] + 0.15, 1e-9);
  const height = world.blocks[1].position[1];
  world = play(world, hold([hand(up)], 0.1));
  near(height - world.blocks[1].position[1], (9.81 * 0.1 * 0.1) / 2, 0.004, 'free fall');
  world = play(world, hold([hand(up)], 1));
  near(world.blocks[1].position[1], 0.018, 1e-6, 'on the table');
  near(blocks.rotate(world.blocks[1].rotation, [0, 1, 0])[1], 1, 1e-4, 'flat');
});

test('a tilted block lands flat on its nearest face', () => {
  const world = blocks.createWorld(CENTRE);
  Object.assign(world.blocks[4], { position: [0, 0.2, 0.12], rotation: [0, 0, Math.sin(0.6), Math.cos(0.6)] }); // 1.2 rad: nearer to its end
  const later = play(world, hold([], 2));
  near(later.blocks[4].position[1], 0.034, 1e-4, 'stands on its end');
});

test('blocks stack, and fall when what carries them goes', () => {
  const world = blocks.createWorld(CENTRE);
  const below = world.blocks[1].position;
  world.blocks[0].position = [below[0] + 0.003, 0.2, below[2]];
  world.blocks[3].position = [below[0], 0.3, below[2] + 0.002];
  const stacked = play(world, hold([], 2));
  near(stacked.blocks[0].position[1], 0.054, 2e-4);
  near(stacked.blocks[3].position[1], 0.09, 2e-4);
  const still = play(stacked, hold([], 3));
  still.blocks.forEach((b, k) => b.position.forEach((x, i) => near(x, stacked.blocks[k].position[i], 1e-5, 'at rest')));
  still.blocks[1].position = [0.2, 0.018, 0.2];
  const fallen = play(still, hold([], 2));
  near(fallen.blocks[0].position[1], 0.018, 2e-4);
  near(fallen.blocks[3].position[1], 0.054, 2e-4);
});

test('a block on the brink slides off', () => {
  const world = blocks.createWorld(CENTRE);
  const below = world.blocks[1].position;
  world.blocks[0].position = [below[0] + 0.03, 0.06, below[2]];
  near(play(world, hold([], 2)).blocks[0].position[1], 0.018, 1e-4);
});

test('a held block does not enter the table and pushes others aside', () => {
  const start = blocks.createWorld(CENTRE);
  const at = start.blocks[1].position;
  let world = play(start, [...hold([hand(at, { gap: 0.02 })], 0.1), ...move(at, [at[0], -0.2, at[2]], { gap: 0.02 }, 0.4)]);
  assert.ok(world.blocks[1].position[1] >= 0.018 - 1e-9);
  world = play(world, [...move([at[0], -0.2, at[2]], at, { gap: 0.02 }, 0.4), ...move(at, start.blocks[2].position, { gap: 0.02 }, 0.6)]);
  const [a, b] = [world.blocks[1].position, world.blocks[2].position];
  assert.ok(Math.hypot(a[0] - b[0], a[2] - b[2]) > 0.034, 'side by side');
});

test('either hand grabs, both hold at once, and none takes from the other', () => {
  const start = blocks.createWorld(CENTRE);
  const [p, q] = [start.blocks[1].position, start.blocks[2].position];
  const both = (options) => [hand(p, { ...options, id: 1 }), hand(q, { ...options, id: 2 })];
  let world = play(start, [...hold(both({}), 0.1), ...hold(both({ gap: 0.02 }), 0.1)]);
  assert.deepEqual([world.blocks[1].holder, world.blocks[2].holder], ['1', '2']);
  world = play(world, hold([...both({ gap: 0.02 }), hand(p, { gap: 0.02, id: 3 })], 0.1));
  assert.equal(world.blocks[1].holder, '1');
  const fist = { closed: true, gap: 0.2 };
  const grip = blocks.gripFrame('grab', hand([0, 0, 0], fist).points).origin;
  const at = start.blocks[3].position.map((x, k) => x - grip[k]);
  world = play(start, [...hold([hand(at, { gap: 0.2 })], 0.1), ...hold([hand(at, fist)], 0.1)]);
  assert.equal(world.blocks[3].holder, '1');
});

test('an open hand shows what it would take', () => {
  const world = blocks.createWorld(CENTRE);
  const at = world.blocks[2].position;
  assert.equal(blocks.step(world, [hand(at)], FRAME).hover[1], 2);
  assert.equal(blocks.step(world, [hand([at[0], at[1] + 0.1, at[2]])], FRAME).hover[1], null);
});

test('a hand that is lost for a moment keeps its block, for long drops it', () => {
  const start = blocks.createWorld(CENTRE);
  const at = start.blocks[1].position;
  const held = play(start, hold([hand(at, { gap: 0.02 })], 0.1));
  assert.equal(play(held, hold([], 0.2)).blocks[1].holder, '1');
  assert.equal(play(held, hold([], 0.4)).blocks[1].holder, null);
});

test('what falls off the table comes back to its place', () => {
  const world = blocks.createWorld(CENTRE);
  world.blocks[0].position = [0.5, 0.1, 0];
  const later = play(world, hold([], 2));
  near(later.blocks[0].position[0], world.blocks[0].home[0], 1e-6);
  near(later.blocks[0].position[1], 0.018, 1e-6);
});

test('whatever hands do, blocks stay finite, above the table or on their way back, and equal frames make equal worlds', () => {
  let seed = 7;
  const chance = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
  const frames = Array.from({ length: 3000 }, () => {
    const wild = hand([chance() * 0.3 - 0.15, chance() * 0.2 - 0.05, chance() * 0.3 - 0.15], { gap: chance() * 0.06, turn: chance() * 6, closed: chance() < 0.2, id: Math.floor(chance() * 2) });
    if (chance() < 0.05) wild.points[4] = [NaN, 0, 0];
    if (chance() < 0.05) wild.points[8] = null;
    if (chance() < 0.02) wild.points = wild.points.map(() => [0, 0, 0]);
    return { hands: [wild], dt: chance() < 0.02 ? NaN : chance() * 0.2 };
  });
  const run = () => frames.reduce((world, { hands, dt }) => {
    const next = blocks.step(world, hands, dt);
    for (const block of next.blocks) {
      assert.ok([...block.position, ...block.rotation, ...block.velocity].every(Number.isFinite));
      const over = Math.abs(block.position[0]) < 0.26 && Math.abs(block.position[2]) < 0.26;
      const before = world.blocks[next.blocks.indexOf(block)];
      if (over && before.position[1] > 0) assert.ok(block.position[1] - blocks.halfHeight(block) > -1e-6, 'through the table');
    }
    return next;
  }, blocks.createWorld(CENTRE));
  assert.deepEqual(run(), run());
});

test('records come out whole, however they are cut', () => {
  const record = (header, body) => {
    const head = new TextEncoder().encode(JSON.stringify(header));
    const bytes = new Uint8Array(8 + head.length + body.length);
    new DataView(bytes.buffer).setUint32(0, head.length, true);
    new DataView(bytes.buffer).setUint32(4, body.length, true);
    bytes.set(head, 8);
    bytes.set(body, 8 + head.length);
    return bytes;
  };
  const all = [record({ a: 1 }, [1, 2, 3]), new Uint8Array(8), record({ b: 'ü' }, []), record({ c: 2 }, new Array(70).fill(9))];
  const bytes = new Uint8Array(all.flatMap((r) => [...r]));
  for (const size of [1, 3, 7, 50, 1000]) {
    const splitter = new stream.RecordSplitter();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.slice(at, at + size)));
    assert.deepEqual(found.map((r) => r.header), [{ a: 1 }, { b: 'ü' }, { c: 2 }]);
    assert.deepEqual(found.map((r) => r.body.length), [3, 0, 70]);
    assert.deepEqual([...found[0].body], [1, 2, 3]);
  }
});

test('axes end at round numbers and quantiles count what is known', () => {
  assert.deepEqual([0.3, 1, 1.2, 4.1, 26, 0, NaN].map(plots.roundUp), [0.5, 1, 2, 5, 50, 1, 1]);
  assert.equal(plots.quantile([3, NaN, 1, 2], 0.5), 2);
  assert.equal(plots.quantile([NaN], 0.5), null);
});

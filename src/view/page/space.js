// The view in space: hands, keypoints, the camera, a grid or a table with blocks; turned by mouse, wheel and keys.

import * as gl3 from './gl.js';
import { TABLE_HALF } from './blocks.js';

const FIELD_OF_VIEW = 0.6;
const HOME = { free: { yaw: 0.5, pitch: 0.32, distance: 0.62 }, blocks: { yaw: 0.3, pitch: 0.5, distance: 0.94 } };
const GRID_BELOW = 0.13;
const SKIN = [0.56, 0.33, 0.235];
const TRUTH = [0.86, 0.88, 0.9];
/** Linear colours of the blocks. */
const BLOCK_COLOURS = [
  [0.56, 0.09, 0.06], [0.05, 0.20, 0.50], [0.72, 0.38, 0.04], [0.06, 0.30, 0.13], [0.25, 0.11, 0.38], [0.46, 0.45, 0.42],
];
const linear = (c) => c.map((v) => (v / 255) ** 2.2);

export class Space {
  /** Throws if there is no WebGL 2. */
  constructor(canvas, topology, { bones, colours }) {
    const gl = canvas.getContext('webgl2', { antialias: true, stencil: true, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error('no WebGL 2');
    Object.assign(this, { canvas, gl, topology, bones, colours: colours.map(linear) });
    this.programs = gl3.programs(gl);
    this.ball = new gl3.Shape(gl, gl3.sphere());
    this.rod = new gl3.Shape(gl, gl3.cylinder());
    this.plate = new gl3.Shape(gl, gl3.bevelledBox([TABLE_HALF, 0.006, TABLE_HALF], 0.002));
    this.blockShapes = new Map();
    this.skins = []; // one shape per hand that was ever shown at a time
    this.lines = gl.createBuffer();
    this.lineArray = gl.createVertexArray();
    gl.bindVertexArray(this.lineArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lines);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    this.show = { mesh: true, keypoints: true, truth: false };
    this.dark = false;
    this.target = null;
    this.ground = null;
    this.view = { ...HOME.free };
    this.hands = [];
    this.world = null;
  }

  /** Shows hands, and the blocks' world if there is one. */
  set({ hands, intrinsics }, world) {
    this.hands = hands;
    this.intrinsics = intrinsics;
    if (Boolean(world) !== Boolean(this.world)) this.view = { ...HOME[world ? 'blocks' : 'free'] };
    this.world = world;
    hands.forEach((hand, k) => this.#setSkin(k, hand));
    this.#follow();
  }

  #setSkin(k, { vertices, side }) {
    if (!vertices || !this.topology) return;
    const { corners, opacity } = this.topology;
    const normals = gl3.normalsOf(vertices, corners, side === 'left' ? -1 : 1);
    if (this.skins[k]) this.skins[k].update(vertices, normals);
    else this.skins[k] = new gl3.Shape(this.gl, { positions: vertices, normals, corners, opacity });
  }

  /** Turns around the hands, or the table; goes after hands softly. */
  #follow() {
    const points = this.hands.flatMap((hand) => hand.points).filter(Boolean);
    if (points.length === 0) return;
    const middle = [0, 1, 2].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length);
    const { table } = this.world ?? {};
    const goal = table ? [table.x, table.y + 0.03, table.z] : middle;
    const share = this.target ? 0.05 : 1;
    this.target ??= goal;
    this.target = this.target.map((x, k) => x + (goal[k] - x) * share);
    const far = this.ground && Math.hypot(middle[0] - this.ground[0], middle[2] - this.ground[2]) > 0.35;
    if (!this.ground || far) this.ground = [middle[0], middle[1] - GRID_BELOW, middle[2]];
  }

  reset() {
    this.view = { ...HOME[this.world ? 'blocks' : 'free'] };
    this.target = null;
    this.ground = null;
    this.#follow();
  }

  turn(dx, dy) {
    this.view.yaw -= dx;
    this.view.pitch = Math.min(1.5, Math.max(-1.2, this.view.pitch + dy));
  }

  zoom(factor) {
    this.view.distance = Math.min(3, Math.max(0.15, this.view.distance * factor));
  }

  draw() {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    if (!this.target) return;
    const { yaw, pitch, distance } = this.view;
    const away = [Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
    const wide = Math.max(1, (1.25 * canvas.height) / canvas.width); // narrow views step back
    this.eye = this.target.map((x, k) => x + away[k] * distance * wide);
    const aspect = canvas.width / Math.max(1, canvas.height);
    this.project = gl3.product(gl3.perspective(FIELD_OF_VIEW, aspect, 0.02, 8), gl3.lookAt(this.eye, this.target));
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.world) this.#drawTable();
    else this.#drawGrid();
    this.#drawShadows();
    if (this.world) this.#drawBlocks();
    this.#drawCamera();
    this.hands.forEach((hand, k) => this.#drawHand(hand, this.skins[k]));
  }

  // ---- parts

  #lit(shape, place, colour, { alpha = 1, flesh = 0, glow = 0, cut = 0, front = 'CCW' } = {}) {
    const { gl } = this;
    const { made, uniforms } = this.programs.lit;
    gl.useProgram(made);
    gl.uniformMatrix4fv(uniforms.project, false, this.project);
    gl.uniformMatrix4fv(uniforms.place, false, place);
    gl.uniform3fv(uniforms.eye, this.eye);
    gl.uniform3fv(uniforms.colour, colour);
    gl.uniform1f(uniforms.alpha, alpha);
    gl.uniform1f(uniforms.flesh, flesh);
    gl.uniform1f(uniforms.glow, glow);
    gl.uniform1f(uniforms.cut, cut);
    gl.vertexAttrib1f(2, 1);
    gl.enable(gl.CULL_FACE);
    gl.frontFace(gl[front]);
    shape.draw();
    gl.frontFace(gl.CCW);
  }

  #line(points, rgb, alpha, fade = [0, 0, 0, 0]) {
    const { gl } = this;
    const { made, uniforms } = this.programs.line;
    gl.useProgram(made);
    gl.bindVertexArray(this.lineArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lines);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(points.flat()), gl.STREAM_DRAW);
    gl.uniformMatrix4fv(uniforms.project, false, this.project);
    gl.uniform4fv(uniforms.colour, [...rgb, alpha]);
    gl.uniform4fv(uniforms.fade, fade);
    gl.drawArrays(gl.LINES, 0, points.length);
  }

  get #ink() {
    return this.dark ? [0.82, 0.85, 0.9] : [0.16, 0.2, 0.26];
  }

  #drawGrid() {
    const [x, y, z] = this.ground;
    const snap = (v) => Math.round(v / 0.05) * 0.05;
    const lines = (step) => {
      const points = [];
      for (let k = -10; k <= 10; k += step) {
        const d = k * 0.05;
        points.push([snap(x) + d, y, snap(z) - 0.5], [snap(x) + d, y, snap(z) + 0.5]);
        points.push([snap(x) - 0.5, y, snap(z) + d], [snap(x) + 0.5, y, snap(z) + d]);
      }
      return points;
    };
    this.gl.depthMask(false);
    this.#line(lines(1), this.#ink, 0.1, [x, z, 0.15, 0.5]);
    this.#line(lines(2), this.#ink, 0.1, [x, z, 0.15, 0.5]);
    this.gl.depthMask(true);
  }

  #drawTable() {
    const { x, y, z } = this.world.table;
    const colour = this.dark ? [0.085, 0.092, 0.105] : [0.62, 0.605, 0.575];
    this.#lit(this.plate, gl3.placement([x, y - 0.006, z], [0, 0, 0, 1], [1, 1, 1]), colour);
  }

  /** What is above throws a shadow straight down: where a block will land is seen before it falls. */
  #drawShadows() {
    const { gl } = this;
    const { made, uniforms } = this.programs.flat;
    const height = this.world ? this.world.table.y + 0.0004 : this.ground[1] + 0.0002;
    gl.useProgram(made);
    gl.uniformMatrix4fv(uniforms.project, false, this.project);
    gl.uniformMatrix4fv(uniforms.flatten, false, gl3.flattened(height));
    gl.uniform4fv(uniforms.colour, [0.02, 0.03, 0.05, this.dark ? 0.34 : this.world ? 0.2 : 0.1]);
    gl.vertexAttrib1f(2, 1);
    gl.disable(gl.CULL_FACE);
    gl.depthMask(false);
    gl.enable(gl.STENCIL_TEST); // each pixel is darkened once
    gl.stencilFunc(gl.EQUAL, 0, 0xff);
    gl.stencilOp(gl.KEEP, gl.KEEP, gl.INCR);
    const cast = (shape, place) => {
      gl.uniformMatrix4fv(uniforms.place, false, place);
      shape.draw();
    };
    for (const block of this.world?.blocks ?? []) cast(this.#blockShape(block), gl3.placement(block.position, block.rotation, [1, 1, 1]));
    this.hands.forEach((hand, k) => {
      if (this.show.mesh && hand.vertices) cast(this.skins[k], gl3.IDENTITY);
      else this.#bonesOf(hand.points, ([a, b]) => cast(this.rod, gl3.rod(a, b, 0.006)));
    });
    gl.disable(gl.STENCIL_TEST);
    gl.depthMask(true);
  }

  #blockShape({ half }) {
    const key = half.join();
    if (!this.blockShapes.has(key)) this.blockShapes.set(key, new gl3.Shape(this.gl, gl3.bevelledBox(half, 0.0022)));
    return this.blockShapes.get(key);
  }

  #drawBlocks() {
    const hovered = Object.values(this.world.hover);
    this.world.blocks.forEach((block, k) => {
      const glow = block.holder !== null ? 0.55 : hovered.includes(k) ? 0.9 : 0;
      const place = gl3.placement(block.position, block.rotation, [1, 1, 1]);
      this.#lit(this.#blockShape(block), place, BLOCK_COLOURS[k % BLOCK_COLOURS.length], { glow });
    });
  }

  /** The camera as a small pyramid, and the edges of what it sees. */
  #drawCamera() {
    if (!this.intrinsics) return;
    const { width, height, fx, fy, cx, cy } = this.intrinsics;
    const corner = (x, y, z) => [((x - cx) / fx) * z, -((y - cy) / fy) * z, -z];
    const corners = (z) => [corner(0, 0, z), corner(width, 0, z), corner(width, height, z), corner(0, height, z)];
    const near = corners(0.06);
    const edges = near.flatMap((p, k) => [[0, 0, 0], p, p, near[(k + 1) % 4]]);
    this.#line(edges, this.#ink, 0.55);
    if (this.world) return;
    const far = corners(this.target ? Math.max(0.1, -this.target[2]) : 0.5);
    this.gl.depthMask(false);
    this.#line(near.flatMap((p, k) => [p, far[k]]), this.#ink, 0.1);
    this.#line(far.flatMap((p, k) => [p, far[(k + 1) % 4]]), this.#ink, 0.1);
    this.gl.depthMask(true);
  }

  #bonesOf(points, draw) {
    this.bones.forEach((parent, k) => {
      if (k > 0 && points[k] && points[parent]) draw([points[parent], points[k]], k);
    });
  }

  #colour(k) {
    return this.colours[k === 0 ? 0 : Math.floor((k - 1) / 4) + 1];
  }

  #drawHand(hand, skin) {
    const { gl, show } = this;
    const meshed = show.mesh && hand.vertices && skin;
    if (show.keypoints) this.#skeleton(hand.points, (k) => this.#colour(k), 0.0042, 0.0022);
    if (show.truth && hand.truth) this.#skeleton(hand.truth, () => TRUTH, 0.0028, 0.0011);
    if (!meshed) return;
    const options = { flesh: 1, alpha: show.keypoints ? 0.84 : 1, front: hand.side === 'left' ? 'CW' : 'CCW' };
    // nearest surface only, so that a translucent hand is one skin; the fading arm hides nothing
    gl.colorMask(false, false, false, false);
    this.#lit(skin, gl3.IDENTITY, SKIN, { ...options, cut: 0.6 });
    gl.colorMask(true, true, true, true);
    gl.depthMask(false);
    this.#lit(skin, gl3.IDENTITY, SKIN, options);
    gl.depthMask(true);
  }

  #skeleton(points, colour, ball, rod) {
    this.#bonesOf(points, ([a, b], k) => this.#lit(this.rod, gl3.rod(a, b, rod), colour(k)));
    points.forEach((p, k) => p && this.#lit(this.ball, gl3.ball(p, ball), colour(k)));
  }
}

/** Mouse, touch, wheel and arrow keys turn and zoom; double click and Home reset. `changed` is called after each. */
export function control(canvas, space, changed) {
  let from = null;
  const done = (act) => { act(); changed(); };
  canvas.addEventListener('pointerdown', (event) => {
    from = [event.clientX, event.clientY];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    from = [event.clientX, event.clientY];
    done(() => space.turn(dx * 0.008, dy * 0.008));
  });
  for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => { from = null; });
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    done(() => space.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 400)))));
  }, { passive: false });
  canvas.addEventListener('dblclick', () => done(() => space.reset()));
  const keys = {
    ArrowLeft: () => space.turn(0.1, 0), ArrowRight: () => space.turn(-0.1, 0),
    ArrowUp: () => space.turn(0, 0.1), ArrowDown: () => space.turn(0, -0.1),
    '+': () => space.zoom(0.9), '=': () => space.zoom(0.9), '-': () => space.zoom(1.1), Home: () => space.reset(),
  };
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    done(act);
  });
}

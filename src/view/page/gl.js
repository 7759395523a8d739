// The little of WebGL 2 that the view needs: matrices, shapes, one lit shader, one for lines.

// ---- column-major 4 x 4 matrices

export function product(a, b) {
  const out = new Float32Array(16);
  for (let c = 0; c < 4; c += 1) {
    for (let r = 0; r < 4; r += 1) {
      for (let k = 0; k < 4; k += 1) out[c * 4 + r] += a[k * 4 + r] * b[c * 4 + k];
    }
  }
  return out;
}

export function perspective(fovY, aspect, near, far) {
  const f = 1 / Math.tan(fovY / 2);
  const d = 1 / (near - far);
  return new Float32Array([f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) * d, -1, 0, 0, 2 * far * near * d, 0]);
}

const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((x) => x / (Math.hypot(...a) || 1));

/** From the world to an eye that looks at a target, +Y up. */
export function lookAt(eye, target) {
  const z = unit(minus(eye, target));
  const x = unit(cross([0, 1, 0], z));
  const y = cross(z, x);
  return new Float32Array([x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, -dot(x, eye), -dot(y, eye), -dot(z, eye), 1]);
}

/** Place, rotation (quaternion x y z w) and size of a shape. */
export function placement(position, [x, y, z, w], size) {
  const [a, b, c] = size;
  return new Float32Array([
    (1 - 2 * (y * y + z * z)) * a, 2 * (x * y + z * w) * a, 2 * (x * z - y * w) * a, 0,
    2 * (x * y - z * w) * b, (1 - 2 * (x * x + z * z)) * b, 2 * (y * z + x * w) * b, 0,
    2 * (x * z + y * w) * c, 2 * (y * z - x * w) * c, (1 - 2 * (x * x + y * y)) * c, 0,
    ...position, 1,
  ]);
}

export const ball = (centre, radius) => placement(centre, [0, 0, 0, 1], [radius, radius, radius]);

/** A rod of radius `radius` from a to b; its shape stands on the unit y axis. */
export function rod(a, b, radius) {
  const along = minus(b, a);
  const y = unit(along);
  const x = unit(cross(Math.abs(y[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], y));
  const z = cross(x, y);
  return new Float32Array([
    ...x.map((v) => v * radius), 0, ...along, 0, ...z.map((v) => v * radius), 0, ...a, 1,
  ]);
}

/** Flattens the world straight down onto the plane y = height. */
export const flattened = (height) => new Float32Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, height, 0, 1]);

export const IDENTITY = ball([0, 0, 0], 1);

// ---- shapes: positions, normals, corners

export function sphere(rings = 12, sides = 18) {
  const positions = [];
  const corners = [];
  for (let r = 0; r <= rings; r += 1) {
    for (let s = 0; s <= sides; s += 1) {
      const [polar, turn] = [(r / rings) * Math.PI, (s / sides) * 2 * Math.PI];
      positions.push(Math.sin(polar) * Math.cos(turn), Math.cos(polar), -Math.sin(polar) * Math.sin(turn));
    }
  }
  for (let r = 0; r < rings; r += 1) {
    for (let s = 0; s < sides; s += 1) {
      const k = r * (sides + 1) + s;
      corners.push(k, k + sides + 1, k + 1, k + 1, k + sides + 1, k + sides + 2);
    }
  }
  return { positions: new Float32Array(positions), normals: new Float32Array(positions), corners: new Uint32Array(corners) };
}

export function cylinder(sides = 14) {
  const [positions, normals, corners] = [[], [], []];
  for (let s = 0; s <= sides; s += 1) {
    const turn = (s / sides) * 2 * Math.PI;
    for (const y of [0, 1]) {
      positions.push(Math.cos(turn), y, -Math.sin(turn));
      normals.push(Math.cos(turn), 0, -Math.sin(turn));
    }
    if (s < sides) corners.push(s * 2, s * 2 + 2, s * 2 + 1, s * 2 + 1, s * 2 + 2, s * 2 + 3);
  }
  return { positions: new Float32Array(positions), normals: new Float32Array(normals), corners: new Uint32Array(corners) };
}

/** A box of half sizes `half` whose edges are cut by `bevel`: an inset point for each face at each corner. */
export function bevelledBox(half, bevel) {
  const [positions, normals] = [[], []];
  const signs = [-1, 1];
  const face = (points, normal) => {
    const turned = dot(cross(minus(points[1], points[0]), minus(points[2], points[0])), normal) < 0;
    const order = turned ? [...points].reverse() : points;
    for (let k = 1; k + 1 < order.length; k += 1) {
      positions.push(...order[0], ...order[k], ...order[k + 1]);
      normals.push(...normal, ...normal, ...normal);
    }
  };
  /** The corner with the given signs, as the face across `axis` has it. */
  const point = (s, axis) => half.map((h, k) => s[k] * (k === axis ? h : h - bevel));
  for (let axis = 0; axis < 3; axis += 1) {
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    const at = (a, b, c) => { const s = [0, 0, 0]; s[axis] = a; s[u] = b; s[v] = c; return s; };
    for (const a of signs) {
      face([at(a, -1, -1), at(a, 1, -1), at(a, 1, 1), at(a, -1, 1)].map((s) => point(s, axis)), at(a, 0, 0));
      for (const b of signs) { // the edge between the faces across `axis` and `u`
        const [s, t] = [at(a, b, -1), at(a, b, 1)];
        face([point(s, axis), point(t, axis), point(t, u), point(s, u)], unit(at(a, b, 0)));
      }
    }
  }
  for (const a of signs) for (const b of signs) for (const c of signs) {
    face([0, 1, 2].map((axis) => point([a, b, c], axis)), unit([a, b, c]));
  }
  const corners = Uint32Array.from({ length: positions.length / 3 }, (_, k) => k);
  return { positions: new Float32Array(positions), normals: new Float32Array(normals), corners };
}

/** Normals of a mesh, weighted by area; `sign` -1 where triangles run the other way round. */
export function normalsOf(positions, corners, sign) {
  const normals = new Float32Array(positions.length);
  for (let k = 0; k < corners.length; k += 3) {
    const [a, b, c] = [corners[k] * 3, corners[k + 1] * 3, corners[k + 2] * 3];
    const [ux, uy, uz] = [positions[b] - positions[a], positions[b + 1] - positions[a + 1], positions[b + 2] - positions[a + 2]];
    const [vx, vy, vz] = [positions[c] - positions[a], positions[c + 1] - positions[a + 1], positions[c + 2] - positions[a + 2]];
    const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const i of [a, b, c]) {
      normals[i] += x * sign;
      normals[i + 1] += y * sign;
      normals[i + 2] += z * sign;
    }
  }
  return normals; // the shader brings them to length 1
}

// ---- the shaders

const LIT_VERTEX = `#version 300 es
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in float opacity;
uniform mat4 project, place;
out vec3 at, n;
out float o;
void main() {
  vec4 p = place * vec4(position, 1.0);
  at = p.xyz;
  // places turn and stretch along their axes: the inverse transposed without its factor
  mat3 m = mat3(place);
  n = mat3(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])) * normal;
  o = opacity;
  gl_Position = project * p;
}`;

// A key light, a cooler fill from the other side, sky and ground, light that wraps around flesh, a rim.
const LIT_FRAGMENT = `#version 300 es
precision highp float;
in vec3 at, n;
in float o;
uniform vec3 eye, colour;
uniform float alpha, flesh, glow, cut;
out vec4 result;
const vec3 KEY = normalize(vec3(-0.45, 0.85, 0.5)), FILL = normalize(vec3(0.8, 0.15, 0.35));
void main() {
  if (o < cut) discard;
  vec3 N = normalize(n), V = normalize(eye - at), H = normalize(KEY + V);
  float key = dot(N, KEY), wrap = 0.35 * flesh;
  vec3 diffuse = vec3(max((key + wrap) / (1.0 + wrap), 0.0));
  // where light grazes flesh it comes out redder than it went in
  diffuse += flesh * vec3(0.16, 0.035, 0.015) * smoothstep(-0.35, 0.1, key) * smoothstep(0.55, 0.1, key);
  vec3 sky = mix(vec3(0.20, 0.17, 0.15), vec3(0.34, 0.365, 0.41), N.y * 0.5 + 0.5);
  vec3 light = 0.92 * diffuse * vec3(1.0, 0.965, 0.91) + 0.17 * max(dot(N, FILL), 0.0) * vec3(0.8, 0.9, 1.0) + 0.62 * sky;
  float facing = max(dot(N, V), 0.0), rim = pow(1.0 - facing, 3.0);
  float shine = mix(0.10, 0.09, flesh) * pow(max(dot(N, H), 0.0), mix(48.0, 24.0, flesh)) * step(0.0, key);
  vec3 c = colour * (1.0 + 0.8 * glow) * light + shine + rim * 0.12 * sky + glow * vec3(0.045);
  // linear light to display values, highlights eased
  c = c / (1.0 + 0.22 * c);
  c = pow(c, vec3(1.0 / 2.2));
  float a = alpha >= 1.0 ? o : o * mix(alpha, 1.0, rim);
  result = vec4(c * a, a);
}`;

const LINE_VERTEX = `#version 300 es
layout(location = 0) in vec3 position;
uniform mat4 project;
out vec2 at;
void main() {
  at = position.xz;
  gl_Position = project * vec4(position, 1.0);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
uniform vec4 colour, fade; // centre x and z, and from where to where lines fade; all 0: they do not
out vec4 result;
void main() {
  float seen = fade.w > 0.0 ? 1.0 - smoothstep(fade.z, fade.w, distance(at, fade.xy)) : 1.0;
  result = vec4(colour.rgb, 1.0) * colour.a * seen;
}`;

const FLAT_VERTEX = `#version 300 es
layout(location = 0) in vec3 position;
layout(location = 2) in float opacity;
uniform mat4 project, place, flatten;
out float o;
void main() { o = opacity; gl_Position = project * flatten * place * vec4(position, 1.0); }`;

const FLAT_FRAGMENT = `#version 300 es
precision highp float;
in float o;
uniform vec4 colour;
out vec4 result;
void main() {
  if (o < 0.5) discard;
  result = vec4(colour.rgb, 1.0) * colour.a;
}`;

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  const uniforms = {};
  for (let k = 0; k < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); k += 1) {
    const { name } = gl.getActiveUniform(made, k);
    uniforms[name] = gl.getUniformLocation(made, name);
  }
  return { made, uniforms };
}

export const programs = (gl) => ({
  lit: program(gl, LIT_VERTEX, LIT_FRAGMENT),
  line: program(gl, LINE_VERTEX, LINE_FRAGMENT),
  flat: program(gl, FLAT_VERTEX, FLAT_FRAGMENT),
});

/** A shape on the graphics card; `update` gives it other positions and normals. */
export class Shape {
  constructor(gl, { positions, normals, corners, opacity }) {
    this.gl = gl;
    this.array = gl.createVertexArray();
    this.count = corners.length;
    gl.bindVertexArray(this.array);
    this.positions = this.#attribute(0, positions, 3, gl.FLOAT);
    this.normals = this.#attribute(1, normals, 3, gl.FLOAT);
    if (opacity) this.#attribute(2, opacity, 1, gl.UNSIGNED_BYTE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
  }

  #attribute(location, data, size, type) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, type === gl.UNSIGNED_BYTE, 0, 0);
    return buffer;
  }

  update(positions, normals) {
    const { gl } = this;
    for (const [buffer, data] of [[this.positions, positions], [this.normals, normals]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    }
  }

  draw() {
    this.gl.bindVertexArray(this.array);
    this.gl.drawElements(this.gl.TRIANGLES, this.count, this.gl.UNSIGNED_INT, 0);
  }
}

// The page: takes frames from the stream, shows the newest, and keeps the last ones to step through when paused.

import { readRecords, readTopology, unpackFrame } from '/stream.js';
import { Space, control } from '/space.js';
import { SHOWN, STAGES, drawError, drawLatency, latencyOf, quantile } from '/plots.js';
import { step, worldAround } from '/blocks.js';

const KEPT = 150; // frames to step back through
const RETRY_MS = 2000;
const RATE_WINDOW_S = 2;

const $ = (id) => document.getElementById(id);
const text = (id, value) => { if ($(id).textContent !== value) $(id).textContent = value; };
const dark = matchMedia('(prefers-color-scheme: dark)');

const state = {
  hello: null, topology: null, space: null,
  kept: [], history: [], at: -1, received: 0, shown: 0,
  paused: false, ended: false, connected: false,
  blocks: false, world: null, lastTime: null, rate: [],
  skeleton: true, bitmap: null, drawing: false, dirty: true, theme: null,
};

// ---- frames in

function onRecord({ header, body }) {
  if (header.kind === 'hello') onHello(header);
  if (header.kind === 'frame' && !state.paused) onFrame(unpackFrame({ header, body }, state.topology.opacity.length));
  if (header.kind === 'end') onEnd(header.summary);
}

function onHello(hello) {
  state.connected = true;
  text('source', hello.source);
  text('model', hello.model);
  $('source').title = hello.source;
  $('model').title = hello.model;
  document.title = `${hello.source} \u2013 Handloom`;
  if (state.hello) return;
  state.hello = hello;
  try {
    state.space = new Space($('space'), state.topology, hello);
    control($('space'), state.space, () => { state.dirty = true; hideHint(); });
    readTheme();
  } catch (error) {
    $('hint').textContent = 'This browser has no WebGL 2: hands are shown over the picture only.';
    $('hint').className = 'alert';
    for (const id of ['mesh', 'keypoints', 'truth', 'blocks', 'reset']) $(id).disabled = true;
    console.info(error.message);
  }
}

function onFrame(frame) {
  state.received += 1;
  const dt = state.lastTime === null ? 0 : frame.time_s - state.lastTime;
  state.lastTime = frame.time_s;
  if (state.blocks) {
    const hands = frame.hands.map((hand) => ({ id: hand.track, points: hand.points }));
    state.world = state.world ? step(state.world, hands, dt) : worldAround(hands);
  }
  const { number, error_mm, stages_ms, lost } = frame;
  state.history.push({ number, error_mm, stages_ms, lost });
  if (state.history.length > SHOWN) state.history.shift();
  state.kept.push({ frame, world: state.world, history: state.history.slice() });
  if (state.kept.length > KEPT) state.kept.shift();
  state.at = state.kept.length - 1;
  const { clock_s: now, frames } = frame.counts; // the tracker's clock, whatever this page misses
  state.rate.push([now, frames]);
  while (state.rate.length > 2 && now - state.rate[0][0] > RATE_WINDOW_S) state.rate.shift();
  state.dirty = true;
}

function onEnd(summary) {
  state.ended = true;
  $('summary').hidden = summary.length === 0;
  $('summary-facts').replaceChildren(...summary.map(([name, value]) => {
    const row = document.createElement('div');
    for (const [tag, content] of [['dt', name], ['dd', value]]) {
      row.appendChild(document.createElement(tag)).textContent = content;
    }
    return row;
  }));
  state.dirty = true;
}

/** Follows the stream; where it breaks off, waits for a server to come (another run, perhaps) and starts afresh. */
async function run() {
  try {
    state.topology = await readTopology();
    await readRecords(onRecord);
  } catch (error) {
    console.info(`live view: ${error.message}`);
  }
  state.connected = false;
  state.dirty = true;
  while (!state.ended) {
    await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    if (await fetch('/mesh.bin', { method: 'HEAD' }).then((answer) => answer.ok, () => false)) location.reload();
  }
}

// ---- drawing

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  state.theme = {
    font: colour('--font'), muted: colour('--muted'), grid: colour('--line'), axis: colour('--muted'),
    accent: colour('--accent'), warn: colour('--warn'), stages: STAGES.map((_, k) => colour(`--stage-${k}`)),
  };
  $('stages').querySelectorAll('rect').forEach((rect, k) => rect.setAttribute('fill', state.theme.stages[k]));
  if (state.space) state.space.dark = dark.matches;
  state.dirty = true;
}

/** Canvases whose pixels are not those of the screen: [canvas, width, height]. */
function misfits() {
  const ratio = devicePixelRatio || 1;
  const sizes = ['picture', 'space', 'error', 'latency'].map((id) => $(id))
    .map((canvas) => [canvas, Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)]);
  return sizes.filter(([canvas, width, height]) => width > 0 && height > 0 && (canvas.width !== width || canvas.height !== height));
}

async function draw() {
  if (!state.dirty || state.drawing) return;
  state.drawing = true;
  state.dirty = false;
  try {
    const entry = state.kept[state.at];
    if (entry && state.bitmap?.entry !== entry) {
      const image = entry.frame.jpeg ? await createImageBitmap(entry.frame.jpeg).catch(() => null) : null;
      state.bitmap?.image?.close();
      state.bitmap = { entry, image };
      state.space?.set(entry.frame, entry.world);
      state.shown += 1;
    }
    // a canvas that gets another size is empty: drawn again at once
    for (const [canvas, width, height] of misfits()) Object.assign(canvas, { width, height });
    if (entry) {
      drawPicture(entry.frame, state.bitmap.image);
      state.space?.draw();
    }
    showNumbers(entry);
  } finally {
    state.drawing = false;
  }
}

function drawPicture(frame, image) {
  const canvas = $('picture');
  const context = canvas.getContext('2d');
  const { width, height } = frame.intrinsics;
  const scale = Math.min(canvas.width / width, canvas.height / height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, (canvas.width - width * scale) / 2, (canvas.height - height * scale) / 2);
  context.imageSmoothingEnabled = scale < 3;
  context.imageSmoothingQuality = 'high';
  if (image) context.drawImage(image, 0, 0, width, height);
  if (!state.skeleton) return;
  const unit = (1.15 * (devicePixelRatio || 1)) / scale; // about a pixel of the screen
  for (const hand of frame.hands) {
    if (state.space?.show.truth && hand.truth_px) drawTruth(context, hand.truth_px, unit);
    drawSkeleton(context, hand, unit);
  }
}

const colourOf = (k, alpha = 1) => {
  const [r, g, b] = state.hello.colours[k === 0 ? 0 : Math.floor((k - 1) / 4) + 1];
  return `rgb(${r} ${g} ${b} / ${alpha})`;
};

/** Coloured bones and dots, each on a dark rim: legible on light and dark. Doubtful keypoints are small. */
function drawSkeleton(context, { px, px_confidence: sure, box_px: box, side }, unit) {
  context.lineCap = 'round';
  const bones = (width, colour) => state.hello.bones.forEach((parent, k) => {
    if (k === 0 || !px[k] || !px[parent]) return;
    context.strokeStyle = colour(k);
    context.lineWidth = width * unit;
    context.beginPath();
    context.moveTo(...px[parent]);
    context.lineTo(...px[k]);
    context.stroke();
  });
  const dot = (p, radius, colour) => {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(p[0], p[1], radius * unit, 0, 2 * Math.PI);
    context.fill();
  };
  bones(4.4, () => 'rgb(16 18 22 / 0.62)');
  bones(2.2, (k) => colourOf(k));
  px.forEach((p, k) => {
    if (!p) return;
    const size = sure[k] < 0.5 ? 0.6 : 1;
    dot(p, 4.2 * size, 'rgb(16 18 22 / 0.8)');
    dot(p, 3 * size, colourOf(k));
  });
  context.strokeStyle = 'rgb(255 255 255 / 0.55)';
  context.lineWidth = unit;
  context.setLineDash([4 * unit, 4 * unit]);
  context.strokeRect(...box);
  context.setLineDash([]);
  label(context, side, [box[0], box[1]], unit);
}

function label(context, words, [x, y], unit) {
  context.font = `${11 * unit}px ${state.theme?.font ?? 'sans-serif'}`;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  const at = [Math.max(x, 2 * unit), Math.max(y, 16 * unit) - 5 * unit];
  context.strokeStyle = 'rgb(16 18 22 / 0.75)';
  context.lineWidth = 3 * unit;
  context.lineJoin = 'round';
  context.strokeText(words, ...at);
  context.fillStyle = '#fff';
  context.fillText(words, ...at);
}

function drawTruth(context, px, unit) {
  for (const [width, colour] of [[2.6, 'rgb(16 18 22 / 0.7)'], [1.2, 'rgb(255 255 255 / 0.95)']]) {
    context.strokeStyle = colour;
    context.lineWidth = width * unit;
    for (const p of px) {
      if (!p) continue;
      context.beginPath();
      context.arc(p[0], p[1], 4.6 * unit, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : '\u2013');

function showNumbers(entry) {
  const history = entry?.history ?? [];
  drawError($('error'), history, state.theme);
  drawLatency($('latency'), history, state.theme);
  const last = history.at(-1);
  const errors = history.map((h) => h.error_mm ?? NaN);
  const times = history.map(latencyOf);
  text('error-now', last && Number.isFinite(last.error_mm) ? `${fixed(last.error_mm, 1)} mm` : '\u2013');
  text('error-rest', quantile(errors, 0.5) === null ? '' : `median ${fixed(quantile(errors, 0.5), 1)}, p95 ${fixed(quantile(errors, 0.95), 1)}`);
  text('latency-now', last ? `${fixed(latencyOf(last), 1)} ms` : '\u2013');
  text('latency-rest', last ? `median ${fixed(quantile(times, 0.5), 1)}, p95 ${fixed(quantile(times, 0.95), 1)}` : '');
  STAGES.forEach((stage, k) => { $('stages').children[k].lastChild.textContent = last ? fixed(last.stages_ms[stage], 1) : '\u2013'; });
  const [from, to] = [state.rate[0], state.rate.at(-1)];
  const rate = from && to && to[0] > from[0] ? (to[1] - from[1]) / (to[0] - from[0]) : NaN;
  text('rate', fixed(rate, rate < 10 ? 1 : 0));
  text('frame', entry ? String(entry.frame.number) : '\u2013');
  text('lost', String(entry?.frame.counts.lost ?? 0));
  const [name, words] = state.paused ? ['paused', 'Paused'] : state.ended ? ['ended', 'Finished']
    : state.connected ? (state.kept.length ? ['live', 'Live'] : ['waiting', 'Waiting']) : ['gone', 'No connection'];
  $('status').dataset.state = name;
  text('status', words);
  $('back').disabled = !state.paused || state.at <= 0;
  $('on').disabled = !state.paused || state.at >= state.kept.length - 1;
}

// ---- controls

function pause() {
  state.paused = !state.paused;
  $('pause').setAttribute('aria-pressed', String(state.paused));
  text('pause', state.paused ? 'Go on' : 'Pause');
  if (!state.paused) Object.assign(state, { at: state.kept.length - 1, lastTime: null, rate: [] });
  state.dirty = true;
}

function go(by) {
  if (!state.paused) return;
  state.at = Math.max(0, Math.min(state.kept.length - 1, state.at + by));
  state.dirty = true;
}

function toggle(id, key) {
  const on = $(id).getAttribute('aria-pressed') !== 'true';
  $(id).setAttribute('aria-pressed', String(on));
  if (id === 'skeleton') state.skeleton = on;
  else if (state.space) state.space.show[key] = on;
  state.dirty = true;
}

const handsNow = () => state.kept[state.at]?.frame.hands.map((hand) => ({ id: hand.track, points: hand.points })) ?? [];

/** Blocks around the hand that is seen now, or around the first one to come. */
function setOut(on) {
  state.blocks = on;
  state.world = on ? worldAround(handsNow()) : null;
  $('blocks').setAttribute('aria-pressed', String(on));
  $('again').disabled = !on;
  text('hint', on ? 'Pinch a block with thumb and index finger, or grab it with the whole hand' : 'Drag to turn, wheel to zoom, double click to reset');
  $('hint').hidden = false;
  const entry = state.kept[state.at];
  if (entry) {
    entry.world = state.world;
    state.space?.set(entry.frame, entry.world);
  }
  state.dirty = true;
}

function hideHint() {
  if (!state.blocks) $('hint').hidden = true;
}

function reset() {
  state.space?.reset();
  state.dirty = true;
}

const actions = {
  pause, back: () => go(-1), on: () => go(1), reset,
  skeleton: () => toggle('skeleton'), mesh: () => toggle('mesh', 'mesh'),
  keypoints: () => toggle('keypoints', 'keypoints'), truth: () => toggle('truth', 'truth'),
  blocks: () => setOut(!state.blocks), again: () => setOut(true),
};
const keys = { ' ': 'pause', ',': 'back', '.': 'on', ArrowLeft: 'back', ArrowRight: 'on', s: 'skeleton', m: 'mesh', k: 'keypoints', t: 'truth', b: 'blocks', n: 'again', r: 'reset' };

for (const [id, act] of Object.entries(actions)) $(id).addEventListener('click', act);
document.addEventListener('keydown', (event) => {
  const id = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const onButton = event.target instanceof HTMLButtonElement && event.key === ' ';
  if (!id || onButton || event.ctrlKey || event.metaKey || event.altKey || $(id).disabled) return;
  event.preventDefault();
  actions[id]();
});

$('stages').replaceChildren(...STAGES.map((stage) => {
  const item = document.createElement('li');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 8 8');
  const rect = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'rect'));
  for (const [name, value] of [['width', 8], ['height', 8], ['rx', 2]]) rect.setAttribute(name, value);
  const value = document.createElement('b');
  value.className = 'number';
  item.append(svg, stage, value);
  return item;
}));

dark.addEventListener('change', readTheme);
readTheme();
function tick() {
  if (misfits().length > 0) state.dirty = true;
  draw().catch((error) => console.error(error));
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);
run();

globalThis.handloom = state; // for the console and the tests

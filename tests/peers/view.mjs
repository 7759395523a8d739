// The live view in headless Chromium: `node tests/peers/view.mjs DEMO [FOLDER]`.
//
// DEMO is the built example `view_demo`; screenshots go to FOLDER. Chromium is driven over its own pipe (DevTools protocol), so that no
// package is needed; CHROMIUM names another binary.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [demo, folder] = process.argv.slice(2);
assert.ok(demo, 'usage: node view.mjs DEMO [FOLDER]');
if (folder) mkdirSync(folder, { recursive: true });

const CYCLE = 360; // frames of the demo's script
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const said = (words) => console.log(`view: ${words}`);

/** The program's first line. */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    let all = '';
    child.stdout.on('data', (part) => { all += part; if (all.includes('\n')) resolve(all.split('\n')[0]); });
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
  });
}

/** Chromium with one page, as functions over the DevTools protocol. */
async function openBrowser(profile) {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--hide-scrollbars', '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(process.env.CHROMIUM ?? 'chromium', flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  let held = '';
  let last = 0;
  const waiting = new Map();
  const listeners = [];
  child.stdio[4].setEncoding('utf8');
  child.stdio[4].on('data', (part) => {
    const messages = (held + part).split('\0');
    held = messages.pop();
    for (const message of messages.map((m) => JSON.parse(m))) {
      const { resolve, reject } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (message.error) reject?.(new Error(message.error.message));
      else resolve?.(message.result);
      if (message.method) listeners.forEach((listener) => listener(message));
    }
  });
  child.on('error', (error) => waiting.forEach(({ reject }) => reject(error)));
  let sessionId;
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    child.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  ({ sessionId } = await send('Target.attachToTarget', { targetId, flatten: true }));
  return { child, send, listen: (listener) => listeners.push(listener) };
}

const profile = mkdtempSync(join(tmpdir(), 'handloom-view-'));
const server = spawn(demo, ['0'], { stdio: ['pipe', 'pipe', 'inherit'] });
let browser;
const limit = setTimeout(() => { console.error('view: took longer than 3 minutes'); process.exitCode = 1; stop(); }, 180_000);

function stop() {
  clearTimeout(limit);
  server.stdin.end();
  browser?.child.kill();
}

try {
  const url = await firstLine(server);
  browser = await openBrowser(profile);
  await check(url);
  said('all is well');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  stop();
  await sleep(500);
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function check(url) {
  const { send, listen } = browser;
  const complaints = [];
  listen(({ method, params }) => {
    if (method === 'Runtime.exceptionThrown') complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) complaints.push(params.args.map((a) => a.value ?? a.description).join(' '));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') complaints.push(params.entry.text);
  });
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  const size = (width, height, mobile = false) => send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
  await size(1360, 860);

  const page = async (expression) => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  };
  const until = async (expression, what, seconds = 30) => {
    for (let k = 0; k < seconds * 20; k += 1) {
      if (await page(expression)) return;
      await sleep(50);
    }
    throw new Error(`did not happen within ${seconds} s: ${what}`);
  };
  const shot = async (name) => {
    if (!folder) return;
    const { data } = await send('Page.captureScreenshot', { format: 'png' });
    writeFileSync(join(folder, `${name}.png`), Buffer.from(data, 'base64'));
  };
  const click = (id) => page(`document.getElementById('${id}').click()`);
  /** Pixels of a canvas: how many are neither empty nor all alike, and their mean. A space is drawn first, as its buffer does not last. */
  const pixels = (id) => page(`(() => {
    if ('${id}' === 'space') handloom.space.draw();
    const from = document.getElementById('${id}');
    const to = Object.assign(document.createElement('canvas'), { width: 160, height: 100 });
    const context = to.getContext('2d', { willReadFrequently: true });
    context.drawImage(from, 0, 0, 160, 100);
    const data = context.getImageData(0, 0, 160, 100).data;
    const colours = new Set();
    let [filled, sum, hash] = [0, 0, 0];
    for (let k = 0; k < data.length; k += 4) {
      filled += data[k + 3] > 128;
      sum += data[k] + data[k + 1] + data[k + 2];
      hash = (hash * 31 + data[k] * 7 + data[k + 1] * 3 + data[k + 2]) % 4294967296;
      colours.add((data[k] >> 3) * 1024 + (data[k + 1] >> 3) * 32 + (data[k + 2] >> 3));
    }
    return { filled, colours: colours.size, mean: sum / data.length, hash };
  })()`);

  // ---- frames arrive
  await send('Page.navigate', { url });
  await until('globalThis.handloom?.shown > 30', 'thirty frames are shown');
  const before = await page('handloom.kept.at(-1).frame.number');
  await sleep(1000);
  const after = await page('handloom.kept.at(-1).frame.number');
  assert.ok(after > before + 5, `frames go on: ${before}, ${after}`);
  assert.equal(await page("document.getElementById('source').textContent"), 'scripted hands');
  said(`frames arrive, ${await page("document.getElementById('rate').textContent")} a second`);

  // ---- what is drawn
  assert.equal(await page('Boolean(handloom.space)'), true, 'WebGL 2 is there');
  const picture = await pixels('picture');
  assert.ok(picture.filled > 8000 && picture.colours > 100, `the picture is not blank: ${JSON.stringify(picture)}`);
  const space = await pixels('space');
  assert.ok(space.filled > 500 && space.colours > 50, `space is not blank: ${JSON.stringify(space)}`);
  for (const id of ['error', 'latency']) {
    const one = await pixels(id);
    await sleep(600);
    const two = await pixels(id);
    assert.ok(one.colours > 3, `the plot of ${id} is not blank`);
    assert.notEqual(one.hash, two.hash, `the plot of ${id} moves`);
  }
  await shot('light');

  // ---- pause, step, turn
  await click('pause');
  await until("document.getElementById('status').textContent === 'Paused'", 'the page pauses');
  const paused = await page('[handloom.kept[handloom.at].frame.number, handloom.at]');
  await sleep(500);
  assert.deepEqual(await page('[handloom.kept[handloom.at].frame.number, handloom.at]'), paused, 'a paused page stands still');
  await click('back');
  assert.equal(await page('handloom.at'), paused[1] - 1, 'a step back');
  await until('!handloom.dirty && !handloom.drawing', 'it is drawn');
  await page("document.dispatchEvent(new KeyboardEvent('keydown', { key: '.', bubbles: true }))");
  await until('!handloom.dirty && !handloom.drawing', 'it is drawn');
  assert.equal(await page('handloom.at'), paused[1], 'a step on by key');
  const still = await pixels('space');
  assert.equal((await pixels('space')).hash, still.hash, 'the same view is drawn the same');
  const drawn = await pixels('picture');
  await click('skeleton');
  await until('!handloom.dirty && !handloom.drawing', 'it is drawn');
  assert.notEqual((await pixels('picture')).hash, drawn.hash, 'the skeleton is drawn over the picture');
  await click('skeleton');
  const { x, y } = await page("(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.getElementById('space').getBoundingClientRect())");
  const mouse = (type, dx, dy, more = {}) => send('Input.dispatchMouseEvent', { type, x: x + dx, y: y + dy, button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1, ...more });
  await mouse('mousePressed', 0, 0);
  await mouse('mouseMoved', 60, 10);
  await mouse('mouseMoved', 120, 20);
  await mouse('mouseReleased', 120, 20);
  await until('!handloom.dirty && !handloom.drawing', 'it is drawn');
  assert.notEqual((await pixels('space')).hash, still.hash, 'dragging turns the view');
  await shot('turned');
  const distance = await page('handloom.space.view.distance');
  await send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY: -200 });
  await until(`handloom.space.view.distance < ${distance}`, 'the wheel zooms');
  for (const clickCount of [1, 2]) {
    await mouse('mousePressed', 0, 0, { clickCount });
    await mouse('mouseReleased', 0, 0, { clickCount });
  }
  await until(`handloom.space.view.distance === ${distance}`, 'a double click resets');
  await click('pause');
  said('pause, steps, skeleton, turn, zoom and reset work');

  // ---- blocks: the scripted hand rests, then pinches the second block, lifts it and drops it
  await until(`handloom.kept.at(-1).frame.number % ${CYCLE} > 5 && handloom.kept.at(-1).frame.number % ${CYCLE} < 40`, 'the hand rests', 60);
  await click('blocks');
  await until('handloom.world', 'blocks are set out');
  const home = await page('handloom.world.blocks[1].position');
  const table = await page('handloom.world.table.y');
  await shot('blocks-rest');
  const once = (condition) => `handloom.kept.some(({ world }) => world && (({ position, holder }) => ${condition})(world.blocks[1]))`;
  await until(once('holder !== null'), 'the block is held', 40);
  await until(once(`position[1] > ${home[1] + 0.07}`), 'the block is lifted', 20);
  await shot('blocks-held');
  await until('handloom.world.blocks[1].holder === null', 'the block is let go', 30);
  await until('Math.hypot(...handloom.world.blocks[1].velocity) < 0.05', 'the block lies still', 10);
  await sleep(300);
  const lies = await page('handloom.world.blocks[1].position');
  assert.ok(Math.abs(lies[1] - table - 0.018) < 0.001, `it lies on the table: ${lies[1] - table} m above`);
  const carried = Math.hypot(lies[0] - home[0], lies[2] - home[2]);
  assert.ok(carried > 0.04, `it was carried: ${carried} m`);
  await shot('blocks-dropped');
  said(`a block was pinched, lifted, carried ${(carried * 100).toFixed(1)} cm and dropped onto the table`);
  await click('blocks');

  // ---- other looks
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
  await click('truth');
  await sleep(500);
  await shot('dark');
  await click('blocks');
  await sleep(500);
  await shot('dark-blocks');
  await click('blocks');
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'light' }] });
  await size(400, 1250, true);
  await sleep(500);
  await shot('narrow');
  assert.equal(await page('document.documentElement.scrollWidth <= innerWidth'), true, 'a narrow page does not scroll sideways');
  await size(1360, 860);

  // ---- without WebGL
  await send('Page.addScriptToEvaluateOnNewDocument', { source: 'HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...rest) { return kind === "webgl2" ? null : old.call(this, kind, ...rest); })(HTMLCanvasElement.prototype.getContext)' });
  await send('Page.navigate', { url });
  await until('globalThis.handloom?.shown > 5', 'frames are shown without WebGL');
  assert.match(await page("document.getElementById('hint').textContent"), /no WebGL/);
  assert.ok((await pixels('picture')).colours > 100);
  await shot('without-webgl');

  // ---- the end
  server.stdin.end();
  await until("document.getElementById('status').textContent === 'Finished'", 'the end is told');
  assert.match(await page("document.getElementById('summary').textContent"), /mean error/);
  await shot('finished');
  assert.deepEqual(complaints, [], 'nothing in the console');
}

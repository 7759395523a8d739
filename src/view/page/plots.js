// Error and latency of the last frames, drawn on 2D canvases.

export const SHOWN = 300;
export const STAGES = ['detect', 'crop', 'network', 'lift', 'smooth', 'fit'];

const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 10;

/** A round number of at least `value`: 1, 2, 2.5 or 5 times a power of ten. */
export function roundUp(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 2.5, 5, 10].find((m) => m * power >= value * 0.999999);
}

/** The value below which a share of the known values lies; null without any. */
export function quantile(values, share) {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  return known.length ? known[Math.min(known.length - 1, Math.floor(share * known.length))] : null;
}

export const latencyOf = (entry) => STAGES.reduce((sum, stage) => sum + (entry.stages_ms[stage] || 0), 0);

function frameOf(canvas, entries, most, unit, theme) {
  const ratio = devicePixelRatio || 1;
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.clearRect(0, 0, width, height);
  const plot = { width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
  const x = (k) => LEFT + ((SHOWN - entries.length + k) / (SHOWN - 1)) * plot.width;
  const y = (value) => TOP + plot.height * (1 - value / most);
  context.font = `11px ${theme.font}`;
  context.textBaseline = 'middle';
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const at = Math.round(y(most * share)) + 0.5;
    context.strokeStyle = share === 0 ? theme.axis : theme.grid;
    context.beginPath();
    context.moveTo(LEFT, at);
    context.lineTo(width - RIGHT, at);
    context.stroke();
    context.fillStyle = theme.muted;
    context.textAlign = 'right';
    context.fillText(String(+(most * share).toPrecision(3)), LEFT - 8, at);
  }
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.fillText(`\u2212${SHOWN} frames`, LEFT, height - 5);
  context.textAlign = 'right';
  context.fillText(entries.length ? `frame ${entries.at(-1).number}` : 'no frame yet', width - RIGHT, height - 5);
  context.save();
  context.translate(10, TOP + plot.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = 'center';
  context.fillText(unit, 0, 3);
  context.restore();
  return { context, x, y };
}

/** Error as a line; frames at which a hand was lost as marks on the axis. */
export function drawError(canvas, entries, theme) {
  const values = entries.map((entry) => entry.error_mm ?? NaN);
  const most = roundUp(Math.max(10, 1.1 * (quantile(values, 0.98) ?? 0)));
  const { context, x, y } = frameOf(canvas, entries, most, 'mm', theme);
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, canvas.width, y(0));
  context.clip();
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  context.beginPath();
  let open = false;
  values.forEach((value, k) => {
    if (!Number.isFinite(value)) { open = false; return; }
    if (open) context.lineTo(x(k), y(value)); else context.moveTo(x(k), y(value));
    open = true;
  });
  context.stroke();
  context.restore();
  context.fillStyle = theme.warn;
  entries.forEach((entry, k) => entry.lost && context.fillRect(x(k) - 1, y(0) - 6, 2, 6));
  if (values.length && !values.some(Number.isFinite)) {
    context.fillStyle = theme.muted;
    context.textAlign = 'center';
    context.fillText('no truth for this source', (x(0) + x(entries.length - 1)) / 2 || canvas.clientWidth / 2, y(most / 2));
  }
}

/** Latency as stacked areas, the first stage at the bottom. */
export function drawLatency(canvas, entries, theme) {
  const most = roundUp(Math.max(1, 1.1 * (quantile(entries.map(latencyOf), 0.98) ?? 0)));
  const { context, x, y } = frameOf(canvas, entries, most, 'ms', theme);
  context.save();
  context.beginPath();
  context.rect(LEFT, TOP, canvas.width, y(0) - TOP);
  context.clip();
  const below = entries.map(() => 0);
  STAGES.forEach((stage, s) => {
    const above = entries.map((entry, k) => below[k] + (entry.stages_ms[stage] || 0));
    context.fillStyle = theme.stages[s];
    context.beginPath();
    above.forEach((value, k) => context.lineTo(x(k), y(value)));
    for (let k = below.length - 1; k >= 0; k -= 1) context.lineTo(x(k), y(below[k]));
    context.fill();
    above.forEach((value, k) => { below[k] = value; });
  });
  context.restore();
}

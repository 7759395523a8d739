// Reads the server's records: u32 length of the header, u32 length of the body, JSON header, body; little endian.

const MOST_BYTES = 64 * 1024 * 1024;

/** Splits a stream of bytes into records, whatever pieces it comes in. */
export class RecordSplitter {
  #pieces = [];
  #held = 0;

  /** All records that are whole after these bytes: [{ header, body }]. */
  push(bytes) {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    const records = [];
    for (;;) {
      if (this.#held < 8) return records;
      const lengths = new DataView(this.#joined().buffer, this.#pieces[0].byteOffset, 8);
      const [head, body] = [lengths.getUint32(0, true), lengths.getUint32(4, true)];
      if (head + body > MOST_BYTES) throw new Error(`a record of ${head + body} bytes`);
      if (this.#held < 8 + head + body) return records;
      const all = this.#joined();
      if (head > 0) {
        const header = JSON.parse(new TextDecoder().decode(all.subarray(8, 8 + head)));
        records.push({ header, body: all.slice(8 + head, 8 + head + body) });
      }
      this.#pieces = [all.subarray(8 + head + body)];
      this.#held -= 8 + head + body;
    }
  }

  #joined() {
    if (this.#pieces.length > 1) {
      const all = new Uint8Array(this.#held);
      let at = 0;
      for (const piece of this.#pieces) {
        all.set(piece, at);
        at += piece.length;
      }
      this.#pieces = [all];
    }
    return this.#pieces[0];
  }
}

/** Calls back for each record until the server ends the stream. */
export async function readRecords(onRecord) {
  const response = await fetch('/frames');
  if (!response.ok) throw new Error(response.statusText);
  const splitter = new RecordSplitter();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    splitter.push(value).forEach(onRecord);
  }
}

/** The surface that all hands share: corners of triangles and opacity of vertices. */
export async function readTopology() {
  const bytes = await (await fetch('/mesh.bin')).arrayBuffer();
  const [vertices, triangles] = new Uint32Array(bytes, 0, 2);
  return {
    corners: new Uint32Array(bytes, 8, triangles * 3),
    opacity: new Uint8Array(bytes, 8 + triangles * 12, vertices),
  };
}

/** Camera coordinates (+Y down, +Z forward) to the page's (+Y up, +Z to the viewer). */
export const toPage = (p) => [p[0], -p[1], -p[2]];

/** A frame as the page uses it: JPEG as a blob, hands with points and vertices in page space. */
export function unpackFrame({ header, body }, vertexCount) {
  let at = header.jpeg_bytes;
  const hands = header.hands.map((hand) => {
    const steps = hand.mesh && new Uint16Array(body.slice(at, at + vertexCount * 6).buffer);
    at += hand.mesh ? vertexCount * 6 : 0;
    const known = hand.fit_m ?? hand.m;
    const size = unitOf(hand, known);
    const points = known.map((p) => p && toPage(p).map((x) => x * size));
    return {
      ...hand,
      points,
      truth: hand.truth_m?.map((p) => p && toPage(p)) ?? null,
      vertices: steps && dequantised(steps, hand.mesh),
    };
  });
  const jpeg = header.jpeg_bytes ? new Blob([body.subarray(0, header.jpeg_bytes)], { type: 'image/jpeg' }) : null;
  return { ...header, hands, jpeg };
}

/** What makes a hand of unknown scale as long as most: 85 mm from the wrist to the middle knuckle. */
function unitOf(hand, points) {
  if (hand.metric || hand.fit_m || !points[0] || !points[9]) return 1;
  const length = Math.hypot(...points[9].map((x, k) => x - points[0][k]));
  return length > 1e-6 ? 0.085 / length : 1;
}

function dequantised(steps, { min_m: min, step_m: step }) {
  const out = new Float32Array(steps.length);
  for (let k = 0; k < steps.length; k += 3) {
    out[k] = min[0] + step[0] * steps[k];
    out[k + 1] = -(min[1] + step[1] * steps[k + 1]);
    out[k + 2] = -(min[2] + step[2] * steps[k + 2]);
  }
  return out;
}

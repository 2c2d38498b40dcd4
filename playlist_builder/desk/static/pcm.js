// Parts of a mix as the server sends them: interleaved stereo of 32-bit floats, little-endian.

export const RATE_HZ = 48000;
const SAMPLE_BYTES = 8; // of both channels
const STALLED_MS = 15000;

// The file of what plays there cannot be read; `detail` is {from_s, until_s, error}.
export class Broken extends Error {
  constructor(detail) {
    super(detail.error);
    this.detail = detail;
  }
}

// Samples of a mix from `first` on, at most `count`: {samples, length}, the length that of the mix.
// They are fewer where it ends, or where the connection did. Throws where there are none.
export async function fetchPart(url, first, count, signal) {
  const stalled = new AbortController();
  const stall = () => setTimeout(() => stalled.abort(), STALLED_MS);
  let timer = stall();
  try {
    const answer = await fetch(url, {
      headers: { Range: `bytes=${first * SAMPLE_BYTES}-${(first + count) * SAMPLE_BYTES - 1}` },
      cache: "no-store",
      signal: AbortSignal.any([signal, stalled.signal]),
    });
    if (answer.status === 410) throw new Broken(await answer.json());
    const length = Number(answer.headers.get("Content-Range")?.split("/")[1]) / SAMPLE_BYTES;
    if (answer.status === 416) return { samples: new Float32Array(0), length };
    if (answer.status !== 206) throw new Error(`${answer.status}`);
    const bytes = new Uint8Array(Math.min(count, length - first) * SAMPLE_BYTES);
    let there = 0;
    try {
      for await (const part of read(answer.body.getReader())) {
        bytes.set(part, there);
        there += part.length;
        clearTimeout(timer);
        timer = stall();
      }
    } catch (error) {
      if (signal.aborted || there < SAMPLE_BYTES) throw error;
    }
    return { samples: new Float32Array(bytes.buffer, 0, 2 * Math.floor(there / SAMPLE_BYTES)), length };
  } finally {
    clearTimeout(timer);
  }
}

async function* read(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

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

// Samples of a mix from `first` on, at most `count`: {planes, length}, one plane a channel, and the
// length of the mix. They are fewer where it ends, or where the connection did. Throws where there
// are none. They are sorted as they come, so that little is left to do once the clock was read.
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
    if (answer.status === 416) return { planes: planesOf(0), length };
    if (answer.status !== 206) throw new Error(`${answer.status}`);
    const planes = planesOf(Math.min(count, length - first));
    const interleaved = new Float32Array(2 * planes[0].length);
    const bytes = new Uint8Array(interleaved.buffer);
    let [there, done] = [0, 0];
    try {
      for await (const part of read(answer.body.getReader())) {
        bytes.set(part, there);
        there += part.length;
        for (const whole = Math.floor(there / SAMPLE_BYTES); done < whole; done += 1) {
          planes[0][done] = interleaved[2 * done];
          planes[1][done] = interleaved[2 * done + 1];
        }
        clearTimeout(timer);
        timer = stall();
      }
    } catch (error) {
      if (signal.aborted || !done) throw error;
    }
    return { planes: planes.map((plane) => plane.subarray(0, done)), length };
  } finally {
    clearTimeout(timer);
  }
}

const planesOf = (count) => [new Float32Array(count), new Float32Array(count)];

async function* read(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

// Each buffer that was laid: at which sample of the clock, how many samples, and where the clock was.
window.laid = [];
{
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (when, ...rest) {
    const now = 48000 * this.context.currentTime;
    window.laid.push([48000 * when, this.buffer.length, now].map(Math.round));
    return start.call(this, when, ...rest);
  };
}

// What sounded against what should have: mixes, each from a place on, which is also that of the one
// before where they share a time line. Both begin with the first sample that is not silent. To find
// the cause of a difference: `wrong` samples differ, the first and the last of them at `wrong_s`, and
// what sounded is taken to lie `lag` samples behind.
window.compare = async (parts, rises) => {
  const FADE = 2400;
  const NEARLY = 1e-5;
  const bytes = (sample) => 8 * sample;
  const load = async ({ url, at }, end) => {
    const headers = { Range: `bytes=${bytes(at)}-${end ? bytes(end) - 1 : ""}` };
    return new Float32Array(await (await fetch(url, { headers })).arrayBuffer());
  };
  const ends = parts.map((part, n) => (parts[n + 1] ? parts[n + 1].at + FADE : part.end));
  const loaded = await Promise.all(parts.map((part, n) => load(part, ends[n])));
  const first = parts[0].at;
  const last = parts.at(-1).at + loaded.at(-1).length / 2;
  const planes = [0, 1].map((channel) => {
    const plane = new Float32Array(last - first);
    parts.forEach(({ at }, number) => {
      const from = loaded[number];
      const fades = number > 0 || rises;
      for (let n = 0; n < from.length / 2 && at + n < last; n += 1) {
        const share = fades ? Math.min(1, n / FADE) : 1;
        const there = at + n - first;
        plane[there] = share * from[2 * n + channel] + (1 - share) * plane[there];
      }
    });
    return plane;
  });
  const begin = (channels) => {
    let n = 0;
    while (n < channels[0].length && channels.every((plane) => plane[n] === 0)) n += 1;
    return n;
  };
  const heard = window.heard();
  const lag = begin(heard) - begin(planes);
  let [worst, where, behind, wrong, from, to] = [0, 0, 0, 0, Infinity, 0];
  planes.forEach((plane, channel) => {
    for (let n = begin(planes); n < plane.length; n += 1) {
      const difference = Math.abs(plane[n] - (heard[channel][n + lag] ?? NaN));
      if (!(difference <= worst)) [worst, where] = [difference, n];
      if (difference <= NEARLY) continue;
      wrong += 1;
      [from, to] = [Math.min(from, n), Math.max(to, n)];
    }
    const rest = heard[channel].subarray(plane.length + lag);
    behind = Math.max(behind, ...[rest.reduce((most, x) => Math.max(most, Math.abs(x)), 0)]);
  });
  return {
    worst,
    where_s: where / 48000,
    behind,
    length_s: planes[0].length / 48000,
    wrong,
    wrong_s: wrong ? [from / 48000, to / 48000] : [],
    lag,
    laid: window.laid,
    told: window.told,
  };
};

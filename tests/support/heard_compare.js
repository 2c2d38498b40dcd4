// What sounded against what should have: mixes, each from a place on, which is also that of the one
// before where they share a time line. Both begin with the first sample that is not silent.
window.compare = async (parts, rises) => {
  const FADE = 2400;
  const loaded = {};
  for (const { url } of parts) {
    loaded[url] ??= new Float32Array(await (await fetch(url)).arrayBuffer());
  }
  const planes = [0, 1].map((channel) => {
    const first = parts[0].at;
    const last = parts.at(-1).end ?? loaded[parts.at(-1).url].length / 2;
    const plane = new Float32Array(last - first);
    parts.forEach(({ url, at }, number) => {
      const from = loaded[url];
      const end = Math.min(from.length / 2, last);
      const fades = number > 0 || rises;
      for (let n = at; n < end; n += 1) {
        const share = fades ? Math.min(1, (n - at) / FADE) : 1;
        plane[n - first] = share * from[2 * n + channel] + (1 - share) * plane[n - first];
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
  let [worst, where, behind] = [0, 0, 0];
  planes.forEach((plane, channel) => {
    for (let n = begin(planes); n < plane.length; n += 1) {
      const difference = Math.abs(plane[n] - (heard[channel][n + lag] ?? NaN));
      if (!(difference <= worst)) [worst, where] = [difference, n];
    }
    const rest = heard[channel].subarray(plane.length + lag);
    behind = Math.max(behind, ...[rest.reduce((most, x) => Math.max(most, Math.abs(x)), 0)]);
  });
  return { worst, where_s: where / 48000, behind, length_s: planes[0].length / 48000 };
};

// The lines of a curve as numbers: energy as it plays, smooth, and tension. Pure. Times are seconds
// of the session, levels 0 to 1; a line breaks where nothing plays.

export const STEP_S = 10; // of contours and of the planned curve
const SMOOTHEST_SHARE = 0.01; // of the session: the standard deviation of the bell that smooths
const LEAST_SMOOTHING_S = 15;
const PASSES = 3;
const GAP_S = 0.5; // slots further apart than this do not touch

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

// Runs of [time, level] of the energy that plays.
export const energy = (slots, length_s) =>
  smooth(slots, length_s, (slot) => (slot.contour?.length ? slot.contour : [slot.energy]));

// Runs of [time, level] of the tension of the tracks, where it is known.
export const tension = (slots, length_s) =>
  smooth(slots.filter((slot) => typeof slot.tension === "number"), length_s, (slot) => [slot.tension]);

function smooth(slots, length_s, levels) {
  const reach = Math.max(1, Math.round(Math.max(LEAST_SMOOTHING_S, SMOOTHEST_SHARE * length_s) / STEP_S));
  return touching(slots).map((own) => smoothed(raw(own, levels), reach));
}

function touching(slots) {
  const runs = [];
  for (const slot of slots) {
    const last = runs.at(-1);
    if (last && slot.start_s <= last.at(-1).end_s + GAP_S) last.push(slot);
    else runs.push([slot]);
  }
  return runs;
}

function raw(slots, levels) {
  const start_s = slots[0].start_s;
  const end_s = slots.at(-1).end_s;
  const times = [start_s];
  for (let at = start_s + STEP_S / 2; at < end_s; at += STEP_S) times.push(at);
  times.push(end_s);
  let own = 0;
  return times.map((at) => {
    while (own + 1 < slots.length && slots[own + 1].start_s <= at) own += 1;
    const values = levels(slots[own]);
    const step = Math.max(0, Math.floor((at - slots[own].start_s) / STEP_S));
    return [at, values[Math.min(step, values.length - 1)]];
  });
}

// About a bell: a box, PASSES times, which is cut at the ends.
function smoothed(points, reach) {
  const own = Math.max(1, Math.round(reach * Math.sqrt(3 / PASSES)));
  let values = points.map(([, level]) => level);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const sums = [0];
    for (const value of values) sums.push(sums.at(-1) + value);
    values = values.map((_, place) => {
      const [first, last] = [Math.max(place - own, 0), Math.min(place + own + 1, values.length)];
      return (sums[last] - sums[first]) / (last - first);
    });
  }
  return points.map(([at], place) => [at, values[place]]);
}

// Runs of [time, level] of the plan, which is not drawn through silences.
export function plan(session) {
  const runs = [[]];
  session.curve.forEach((level, step) => {
    const at = (step + 0.5) * STEP_S;
    const silent = session.silences.some((each) => each.start_s <= at && at < each.end_s);
    if (silent) runs.push([]);
    else runs.at(-1).push([at, level]);
  });
  const first = runs[0][0];
  if (first) runs[0].unshift([0, first[1]]);
  return runs.filter((run) => run.length);
}

// How high each slot is planned among all, 0 to 4 by phase, or "tail".
export function tints(slots) {
  const spans = [];
  for (const slot of slots) {
    const name = slot.tail ? null : slot.phase;
    if (spans.at(-1)?.name === name) spans.at(-1).slots.push(slot);
    else spans.push({ name, slots: [slot] });
  }
  const mean = (span) => span.slots.reduce((sum, slot) => sum + slot.target, 0) / span.slots.length;
  const levels = spans.filter((span) => span.name !== null).map(mean);
  const least = Math.min(...levels);
  const reach = Math.max(0.15, Math.max(...levels) - least);
  return spans.flatMap((span) => {
    const tint = span.name === null ? "tail" : `t${Math.min(Math.floor(((mean(span) - least) / reach) * 5), 4)}`;
    return span.slots.map(() => tint);
  });
}

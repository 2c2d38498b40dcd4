// Numbered marks above a curve, each with a line down to its moment.

import { svg } from "./dom.js";

const RADIUS = 9;
const APART = 2 * RADIUS + 2; // pixels between the middles of two marks
const ABOVE = 13; // the middle of a mark, above the plot

// The marks of concerns {at_s, felt}, by their numbers: what a listener would feel is drawn last, and
// none hides another one.
export function marks(concerns, frame) {
  const shown = concerns
    .map((each, place) => ({ ...each, number: place + 1 }))
    .filter(({ at_s }) => at_s !== null)
    .toSorted((left, right) => left.at_s - right.at_s);
  const middles = spread(shown.map(({ at_s }) => frame.x(at_s)), APART, frame.left, frame.right);
  return shown
    .map((each, place) => ({ ...each, x: middles[place] }))
    .toSorted((left, right) => Boolean(left.felt) - Boolean(right.felt))
    .map((each) => mark(each, frame));
}

function mark({ at_s, felt, number, x }, frame) {
  const y = frame.top - ABOVE;
  const to = frame.x(at_s);
  return svg(
    "g",
    { class: felt ? "mark felt" : "mark" },
    svg("path", { d: `M${x} ${y + RADIUS}L${to} ${frame.top}V${frame.foot}` }),
    svg("circle", { cx: x, cy: y, r: RADIUS }),
    svg("text", { x: x.toFixed(1), y: y + 4, "text-anchor": "middle" }, String(number)),
  );
}

// Places in their order, moved as little to the right, then to the left, as keeps them apart within
// two ends; where they do not fit, they stand closer.
export function spread(places, wanted, from, to) {
  const apart = Math.min(wanted, (to - from) / Math.max(places.length - 1, 1));
  const found = [];
  for (const place of places) found.push(Math.max(place, from, (found.at(-1) ?? -Infinity) + apart));
  let most = to;
  for (let n = found.length - 1; n >= 0; n -= 1) {
    found[n] = Math.min(found[n], most);
    most = found[n] - apart;
  }
  return found;
}

// The curve of a session as a picture: the plan, what plays, a block for each track, and points by
// which the plan is drawn higher or lower, sooner or later. See `Curve`.

import { html, keyed, set, svg, write } from "./dom.js";
import { cut, LETTER, rowsOf, wide } from "./labels.js";
import { clamp, energy, plan, tension, tints } from "./lines.js";
import { marks } from "./marks.js";
import { clock, text } from "./texts.js";

const LEFT = 34;
const RIGHT = 14;
const NAMES = 22; // pixels of a row of names of the phases
const MOST_ROWS = 3; // of them
const MARKS = 22; // of numbered marks, where there are any
const ASIDE = 5; // pixels of a name beside its line
const STRIP = 36; // of the blocks
const AXIS = 24;
const TICK_SPACE = 60;
const MINUTES = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240];
const STEP = 0.02; // by an arrow key
const RESTING_MS = 500; // without a key: where it is drawn to
const LEAP = 0.1; // by Page up and Page down
const SOONER_S = 30; // by arrow left and arrow right
const SIDEWAYS = 12; // pixels to the side, from which on a point is moved in time
const LEAST_PHASE_S = 60; // of music between two points
const WHOLE_S = 5; // to which times of points are rounded

// A picture in `element`, as wide as its place. Events:
//   "drawn" {place, level, at_s, done}  a point (its place from 0) is drawn to a level and a time;
//                                       `done` at its end
//   "block" {slot}                      a block was pressed
export class Curve extends EventTarget {
  #session = null;
  #options;
  #picture = svg("svg", { class: "curve", "aria-hidden": "true", focusable: "false" });
  #points = html("div", { class: "points" });
  #head = svg("g", { class: "playhead" });
  #frame = null;
  #position = null;
  #drawn = null; // times and levels of the points while one is drawn, by their place
  #rest = null; // until keys have drawn it

  // `height()` of the plot in pixels; `small` leaves out all words; `points` lets the plan be drawn;
  // `hasMarks` shows the numbers of `session.concerns`.
  constructor({ height, small = false, points = false, hasMarks = false }) {
    super();
    this.#options = { height, small, points, hasMarks };
    this.element = html("div", { class: small ? "picture small" : "picture" }, this.#picture, this.#points);
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  // Show a session as `state.session` or `state.run` hold it.
  show(session) {
    this.#session = session;
    this.#draw();
  }

  // Put the playhead at a time of the session; null takes it away.
  at(position_s) {
    this.#position = position_s;
    this.#placeHead();
  }

  #draw() {
    const width = this.element.clientWidth;
    const session = this.#session;
    if (!width || !session) return;
    this.#frame = frameOf(session, width, this.#options);
    const frame = this.#frame;
    set(this.#picture, "viewBox", `0 0 ${width} ${frame.height}`);
    set(this.#picture, "width", width);
    set(this.#picture, "height", frame.height);
    const shown = this.#drawn ? drawnAlong(session, this.#drawn) : session;
    this.#picture.replaceChildren(...elements(shown, frame, this.#options, (slot) => this.#press(slot)), this.#head);
    this.#placeHead();
    if (this.#options.points) this.#placePoints();
  }

  #press(slot) {
    this.dispatchEvent(new CustomEvent("block", { detail: { slot } }));
  }

  #placeHead() {
    const frame = this.#frame;
    if (!frame || this.#position === null) return this.#head.replaceChildren();
    const x = frame.x(clamp(this.#position, 0, frame.length_s));
    this.#head.replaceChildren(svg("path", { d: `M${x} ${frame.top}V${frame.strip + STRIP}` }));
    for (const block of this.#picture.querySelectorAll(".block")) {
      block.classList.toggle("past", Number(block.dataset.end) <= this.#position);
      block.classList.toggle("now", Number(block.dataset.start) <= this.#position && this.#position < Number(block.dataset.end));
    }
  }

  #placePoints() {
    const { points } = this.#session;
    keyed(
      this.#points,
      points,
      (_, place) => place,
      (_, place) => this.#point(place),
      (point, _, place) => this.#put(point, ...this.#where(place), place),
    );
  }

  // The time and the level of a point.
  #where(place) {
    return this.#drawn?.get(place) ?? this.#session.points[place];
  }

  #put(point, at, level, place) {
    const frame = this.#frame;
    point.style.left = `${frame.x(at)}px`;
    point.style.top = `${frame.y(level)}px`;
    const { before, after } = around(this.#session.phases, this.#session.points[place][0]);
    point.classList.toggle("inner", Boolean(before && after));
    const name = !before
      ? text("point_begin", { phase: after })
      : !after
        ? text("point_end", { phase: before })
        : text("point_between", { before, after });
    set(point, "aria-label", name);
    set(point, "aria-valuenow", Math.round(level * 100));
    write(point.firstChild, text("point_level", { level: level.toFixed(2), time: clock(at) }));
    set(point, "aria-valuetext", point.firstChild.textContent);
  }

  #point(place) {
    const point = html(
      "div",
      {
        ...{ class: "point", role: "slider", tabindex: 0, "aria-orientation": "vertical" },
        ...{ "aria-valuemin": 0, "aria-valuemax": 100, "aria-describedby": "point-help" },
      },
      html("span", { class: "reading", "aria-hidden": "true" }),
    );
    const now = () => this.#where(place);
    let from = null; // where it was taken: {x, at}, without x once it was moved to the side
    point.onpointerdown = (event) => {
      if (event.button) return;
      point.setPointerCapture(event.pointerId);
      point.classList.add("held");
      from = { x: event.clientX, at: now()[0] };
    };
    point.onpointermove = (event) => {
      if (!point.classList.contains("held")) return;
      if (Math.abs(event.clientX - from.x) > SIDEWAYS) from.isMoved = true;
      const at = from.isMoved ? from.at + this.#frame.seconds(event.clientX - from.x) : now()[0];
      const level = this.#frame.level(event.clientY - this.element.getBoundingClientRect().top);
      this.#pull(place, [at, level], false);
    };
    point.onpointerup = point.onpointercancel = () => {
      if (!point.classList.contains("held")) return;
      point.classList.remove("held");
      if (this.#drawn) this.#pull(place, now(), true);
    };
    point.onkeydown = (event) => {
      const to = drawnBy(event.key, now());
      if (to === null) return;
      event.preventDefault();
      this.#pull(place, to, false);
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.#pull(place, now(), true), RESTING_MS);
    };
    return point;
  }

  #pull(place, to, done) {
    const [at, level] = [this.#time(place, to[0]), Math.round(clamp(to[1], 0, 1) * 100) / 100];
    this.#drawn ??= new Map();
    this.#drawn.set(place, [at, level]);
    this.#draw();
    this.dispatchEvent(new CustomEvent("drawn", { detail: { place, level, at_s: at, done } }));
  }

  // A time that a point can be moved to; the first and the last one stay at theirs.
  #time(place, at) {
    const { points, phases } = this.#session;
    const own = points[place][0];
    if (at === own || place === 0 || place === points.length - 1) return own;
    const least = this.#where(place - 1)[0] + LEAST_PHASE_S + phases[place - 1].silence_s;
    const most = this.#where(place + 1)[0] - LEAST_PHASE_S - phases[place].silence_s;
    return least > most ? own : clamp(Math.round(at / WHOLE_S) * WHOLE_S, least, most);
  }

  // The plan is what the session says, no longer what was drawn.
  settle() {
    this.#drawn = null;
    this.#draw();
  }
}

// Where a key draws a point to, of a time and a level; null for other keys.
function drawnBy(key, [at, level]) {
  const later = { ArrowLeft: -SOONER_S, ArrowRight: SOONER_S }[key];
  if (later) return [at + later, level];
  const by = { ArrowUp: STEP, ArrowDown: -STEP, PageUp: LEAP, PageDown: -LEAP }[key];
  const to = by ? level + by : { Home: 0, End: 1 }[key];
  return to === undefined ? null : [at, to];
}

// A session with its plan as it is once points are drawn: less and less to the next points.
function drawnAlong(session, drawn) {
  const { points, phases } = session;
  const moved = (at) => {
    let to = at;
    for (const [place, [own]] of drawn) to += shareOf(points, place, at) * (own - points[place][0]);
    return to;
  };
  const lifted = ([at, level]) => {
    let to = level;
    for (const [place, [, own]] of drawn) to += shareOf(points, place, at) * (own - points[place][1]);
    return [moved(at), clamp(to, 0, 1)];
  };
  return {
    ...session,
    phases: phases.map((phase) => ({ ...phase, start_s: moved(phase.start_s), end_s: moved(phase.end_s) })),
    plan: plan(session).map((run) => run.map(lifted)),
  };
}

// How much of what is done to a point is felt at a time: all of it there, nothing at the next ones.
function shareOf(points, place, at) {
  const own = points[place][0];
  const other = points[at < own ? place - 1 : place + 1];
  return at === own ? 1 : other ? Math.max(0, 1 - (at - own) / (other[0] - own)) : 0;
}

function around(phases, at) {
  const near = (time) => Math.abs(time - at) < 1.5;
  return {
    before: phases.find((phase) => near(phase.end_s))?.name,
    after: phases.find((phase) => near(phase.start_s))?.name,
  };
}

function frameOf(session, width, { height, small, hasMarks }) {
  const end_s = session.slots.at(-1)?.end_s ?? 0;
  const length_s = Math.max(session.target_s ?? 0, session.duration_s ?? session.length_s ?? 0, end_s, 60);
  const [left, right] = small ? [2, 2] : [LEFT, RIGHT];
  const scale = (width - left - right) / length_s;
  const rows = small ? [] : nameRows(session, (at) => left + at * scale);
  const top = small ? 2 : NAMES * (Math.max(0, ...rows) + 1) + (hasMarks ? MARKS : 0) + 6;
  const foot = top + height();
  return {
    ...{ width, left, right: width - right, top, foot, length_s, strip: foot + 2 },
    height: small ? foot + 2 : foot + STRIP + AXIS + 4,
    rows,
    x: (at) => left + at * scale,
    y: (level) => foot - level * (foot - top),
    level: (y) => clamp((foot - y) / (foot - top), 0, 1),
    seconds: (pixels) => pixels / scale,
  };
}

// In which row each phase is named.
function nameRows({ phases }, x) {
  const begins = phases.map((phase) => x(phase.start_s));
  return rowsOf(begins, phases.map((phase, place) => begins[place] + ASIDE + wide(phase.name)), MOST_ROWS);
}

function elements(session, frame, { small, hasMarks }, press) {
  const { slots } = session;
  const lines = [
    ...(small ? [] : grid(frame)),
    ...tail(slots, frame),
    ...silences(session, frame),
    ...blocks(slots, frame, small, press),
    ...(small ? [] : phases(session, frame)),
    ...(small ? [] : axis(frame)),
    ...tension(slots, frame.length_s).map((run) => line(run, frame, "tense")),
    ...(session.first ?? []).map((run) => line(within(run, frame), frame, "first")),
    ...(session.plan ?? plan(session)).map((run) => line(run, frame, "plan")),
    ...energy(slots, frame.length_s).map((run) => line(run, frame, "played")),
  ];
  return hasMarks ? [...lines, ...marks(session.concerns ?? [], frame)] : lines;
}

const path = (points, frame) =>
  points.map(([at, level], place) => `${place ? "L" : "M"}${frame.x(at).toFixed(1)} ${frame.y(level).toFixed(1)}`).join("");

const line = (run, frame, kind) => svg("path", { class: kind, d: path(run, frame) });

const within = (run, frame) => run.filter(([at]) => at <= frame.length_s);
const words = (x, y, said, kind = "", anchor = "start") =>
  svg("text", { x: x.toFixed(1), y, class: kind, "text-anchor": anchor }, said);

function* grid(frame) {
  for (const level of [0, 0.25, 0.5, 0.75, 1]) {
    const y = frame.y(level).toFixed(1);
    yield svg("path", { class: "grid", d: `M${frame.left} ${y}H${frame.right}` });
    yield words(frame.left - 6, Number(y) + 4, String(level), "faint", "end");
  }
}

function* tail(slots, frame) {
  const own = slots.filter((slot) => slot.tail);
  if (!own.length) return;
  const x = frame.x(own[0].start_s);
  const wideness = frame.x(own.at(-1).end_s) - x;
  yield svg("rect", { class: "tailed", x, y: frame.top, width: wideness, height: frame.height - frame.top - AXIS });
}

function* silences(session, frame) {
  for (const each of session.silences) {
    const x = frame.x(each.start_s);
    const wideness = Math.max(1, frame.x(each.end_s) - x);
    yield svg("rect", { class: "silent", x, y: frame.top, width: wideness, height: frame.strip + STRIP - frame.top });
  }
}

function* blocks(slots, frame, small, press) {
  const kinds = tints(slots);
  for (const [place, slot] of slots.entries()) {
    const [x, end] = [frame.x(slot.start_s), frame.x(slot.end_s)];
    const block = svg("g", { class: `block ${kinds[place]}`, "data-start": slot.start_s, "data-end": slot.end_s });
    block.append(area(slot, frame));
    if (!small) {
      block.append(
        svg("title", {}, `${slot.place ?? place + 1}. ${slot.title}, ${clock(slot.start_s)}`),
        svg("rect", { class: "tile", x: x + 0.5, y: frame.strip, width: Math.max(end - x - 1, 0.5), height: STRIP - 2, rx: 3 }),
        ...label(slot, place, x, end, frame),
        svg("rect", { class: "reach", x, y: frame.top, width: end - x, height: frame.strip + STRIP - frame.top }),
      );
      block.onclick = () => press(slot);
    }
    yield block;
  }
}

function label(slot, place, x, end, frame) {
  const number = String(slot.place ?? place + 1);
  const width = end - x - 6;
  if (width < number.length * LETTER) return [];
  const middle = (x + end) / 2;
  const title = cut(slot.title, width);
  if (!title) return [words(middle, frame.strip + 22, number, "name", "middle")];
  return [
    words(middle, frame.strip + 14, number, "name", "middle"),
    words(middle, frame.strip + 28, title, "faint", "middle"),
  ];
}

function area(slot, frame) {
  const levels = slot.contour?.length ? slot.contour : [slot.energy];
  const points = [[slot.start_s, levels[0]]];
  levels.forEach((level, step) => {
    const at = slot.start_s + (step + 0.5) * 10;
    if (at < slot.end_s) points.push([at, level]);
  });
  points.push([slot.end_s, levels.at(-1)]);
  const [x, end] = [frame.x(slot.start_s).toFixed(1), frame.x(slot.end_s).toFixed(1)];
  return svg("path", { class: "area", d: `${path(points, frame)}L${end} ${frame.foot}L${x} ${frame.foot}Z` });
}

function* phases(session, frame) {
  const begins = session.phases.map((phase) => frame.x(phase.start_s));
  for (const [place, phase] of session.phases.entries()) {
    const [x, row] = [begins[place], frame.rows[place]];
    const next = begins.find((_, other) => other > place && frame.rows[other] <= row) ?? frame.right;
    const y = 15 + NAMES * row;
    yield svg("path", { class: "phase", d: `M${x.toFixed(1)} ${y - 11}V${frame.foot}` });
    yield words(x + ASIDE, y, cut(phase.name, next - x - ASIDE), "name");
  }
}

function* axis(frame) {
  const minutes = frame.length_s / 60;
  const space = (frame.right - frame.left) / minutes;
  const apart = MINUTES.find((each) => each * space >= TICK_SPACE) ?? MINUTES.at(-1);
  const y = frame.strip + STRIP + 2;
  yield svg("path", { class: "border", d: `M${frame.left} ${y}H${frame.right}` });
  for (let minute = 0; minute <= minutes; minute += apart) {
    const x = frame.x(minute * 60);
    yield svg("path", { class: "border", d: `M${x.toFixed(1)} ${y}v5` });
    yield words(x, y + 18, clock(minute * 60), "faint", minute ? (x > frame.right - 16 ? "end" : "middle") : "start");
  }
}

// The session that is prepared: what it is asked for by, its curve, its tracks, and what else there
// is to look at. Built once; each state is shown in place.

import { ask, change, current, desk, run } from "./api.js";
import { Curve } from "./curve.js";
import { html, set, write } from "./dom.js";
import { bar } from "./hear.js";
import { choices, chosen, picker } from "./pick.js";
import { say, tried } from "./say.js";
import { side } from "./side.js";
import { clock, minutes, text } from "./texts.js";
import { tracks } from "./tracks.js";

let page = null;

export function prepare(view, state) {
  if (!view.firstChild) {
    page = made();
    view.append(page.element);
  }
  page.show(state);
}

function made() {
  const head = heading();
  const plot = plotting();
  const list = tracks();
  const beside = side({ insertBehind: () => list.selected() });
  const empty = html("p", { class: "empty" }, text("no_session"));
  const body = html(
    "div",
    { class: "session" },
    plot.element,
    html("div", { class: "columns" }, list.element, beside.element),
  );
  plot.curve.addEventListener("block", ({ detail }) => list.go(detail.slot.id));
  beside.addEventListener("go", ({ detail }) => list.go(detail.id));
  let version = null;

  function show(state) {
    const { session } = state;
    head.show(state);
    body.hidden = !session;
    empty.hidden = Boolean(session);
    if (session) {
      plot.show(session);
      list.show(state);
    }
    beside.show(state);
    if (version !== null && version !== state.version && state.difference.told) {
      say(state.difference.told.join(text("sentence_end")));
    }
    version = state.version;
  }

  return { element: html("div", { class: "prepare" }, head.element, empty, body, bar), show };
}

function heading() {
  const pick = picker((name, value) => current().session && tried(change("ask", { [name]: value })));
  const budget = html("p", { class: "budget" });
  const undo = html("button", { onclick: () => tried(change("undo")), title: text("undo_key") }, text("undo"));
  const redo = html("button", { onclick: () => tried(change("redo")), title: text("redo_key") }, text("redo"));
  const build = html("button", { onclick: () => tried(change("build", { version: null, ...chosen(pick) })) });
  const begin = html("button", { class: "main begin", onclick: () => tried(run("begin", { version: null })) }, text("begin"));
  const kept = html("select", { "aria-label": text("open_session"), onchange: () => open(kept) });
  addKeys();
  let asked = null;
  let known = null;

  function show({ session, library }) {
    build.classList.toggle("main", !session);
    write(build, text(session ? "build_another" : "build"));
    for (const each of [undo, redo, begin]) each.hidden = !session;
    if (!session) {
      write(budget, text("library_holds", { count: library.tracks }));
      return;
    }
    pick.show(session);
    undo.disabled = !session.can_undo;
    redo.disabled = !session.can_redo;
    if (known !== session.number) fill(kept, (known = session.number));
    const kind = [session.profile, session.target_s, session.person, library.tracks].join();
    if (asked !== kind) {
      asked = kind;
      showBudget(session, null);
      ask("holds").then((held) => asked === kind && held && showBudget(session, held.sessions), () => null);
    }
  }

  function showBudget({ budget: found }, sessions) {
    const parts = found ? [text("usable", found)] : [];
    if (sessions !== null) parts.push(text(sessions === 1 ? "holds_one" : "holds", { count: sessions }));
    write(budget, parts.join(text("between_facts")));
  }

  const element = html(
    "header",
    { class: "top" },
    html("h1", { class: "unseen" }, text("prepare_title")),
    pick.element,
    html("div", { class: "state" }, budget, html("div", { class: "buttons" }, kept, build, undo, redo, begin)),
  );
  return { element, show };
}

// Fill the list of kept sessions, with the one on the desk chosen.
async function fill(kept, number) {
  const found = (await choices({ again: true })).kept;
  kept.replaceChildren(
    ...found.map((each) => {
      const parts = [each.name || each.title, each.person, minutes(each.duration_s)].filter(Boolean);
      return html("option", { value: each.number }, `${each.number}. ${parts.join(text("between_facts"))}`);
    }),
  );
  kept.value = String(number);
}

async function open(kept) {
  if (!(await tried(change("open", { version: null, session: kept.value })))) kept.value = String(current().session.number);
}

function addKeys() {
  document.addEventListener("keydown", (event) => {
    const isText = event.target.closest("input:not([type=range]), textarea, select");
    if (isText || !(event.ctrlKey || event.metaKey) || event.altKey || !current()?.session) return;
    const key = event.key.toLowerCase();
    const name = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
    if (!name) return;
    event.preventDefault();
    if (current().session[`can_${name}`]) tried(change(name));
    else say(text(`no_${name}`));
  });
}

// The curve with its points, and in words what it shows.
function plotting() {
  const curve = new Curve({ height: plotHeight(), points: true, hasMarks: true });
  const about = html("p", { class: "unseen" });
  const reset = html("button", { class: "plain", onclick: () => draw([], "", true) }, text("plan_of_profile"));
  const legend = html(
    "div",
    { class: "legend" },
    key("played", "energy_played"),
    key("plan", "energy_planned"),
    key("tense", "tension"),
    html("span", { class: "faint hint" }, text("draw_hint")),
    reset,
  );
  let stroke = null;
  let next = null;
  let isSending = false;

  curve.addEventListener("level", ({ detail }) => {
    stroke ??= crypto.randomUUID();
    const points = current().session.points.map((point) => [...point]);
    const drawn = (next?.points ?? points).map((point) => [...point]);
    drawn[detail.place][1] = detail.level;
    next = { points: drawn, stroke, done: detail.done };
    if (!isSending) send();
  });

  // One step at a time: while one is arranged, the newest of those that follow waits.
  async function send() {
    isSending = true;
    while (next) {
      const step = next;
      const done = await draw(step.points, step.stroke, step.done);
      if (next === step) next = null;
      if (step.done || !done) stroke = null;
      if (!next) curve.settle();
    }
    isSending = false;
  }

  function draw(points, own, done) {
    return tried(change("curve", { points, stroke: own, done, newest: true }));
  }

  function show(session) {
    curve.show(session);
    reset.hidden = !session.is_drawn;
    legend.querySelector(".tense").hidden = !session.slots.some((slot) => typeof slot.tension === "number");
    write(about, described(session));
  }

  const element = html(
    "section",
    { class: "plot", "aria-label": text("curve") },
    ...[about, curve.element, legend],
  );
  return { element, curve, show };
}

const plotHeight = () => (window.innerWidth < 640 ? 190 : window.innerWidth < 1600 ? 270 : 380);

const key = (kind, name) => html("span", { class: `key ${kind}` }, text(name));

function described(session) {
  const own = session.slots.filter((slot) => !slot.tail);
  const highest = own.reduce((best, slot) => (slot.energy > best.energy ? slot : best), own[0]);
  return text("curve_in_words", {
    ...{ length: clock(session.duration_s), count: own.length },
    ...{ title: highest.title, level: highest.energy.toFixed(2), time: clock(highest.start_s) },
    phases: session.phases.map((phase) => `${phase.name} ${clock(phase.start_s)}`).join(text("comma")),
  });
}

// The session that is prepared: what it is asked for by, its curve, its tracks, and what else there
// is to look at. Built once; each state is shown in place.

import { ask, change, current, desk, run } from "./api.js";
import { Curve } from "./curve.js";
import { html, set, write } from "./dom.js";
import { bar, playing, silence } from "./hear.js";
import { key } from "./legend.js";
import { choices, chosen, picker } from "./pick.js";
import { say, tried } from "./say.js";
import { scanning } from "./setup.js";
import { side } from "./side.js";
import { clock, minutes, text } from "./texts.js";
import { tracks } from "./tracks.js";

const SLOW_MS = 700;
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
  const more = scanning();
  const empty = html("div", { class: "empty" }, html("p", {}, text("no_session")), html("h2", {}, text("add_music")), more.element);
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
    more.show(state);
    if (session) {
      plot.show(state);
      list.show(state);
    }
    beside.show(state);
    if (version !== null && version !== state.version && state.difference.told) {
      say(state.difference.told.join(text("between_changes")));
    }
    version = state.version;
  }

  return { element: html("div", { class: "prepare" }, head.element, empty, body, bar), show };
}

function heading() {
  const pick = picker((name, value) => current().session && tried(change("ask", { [name]: value })).then(restore));
  const budget = html("p", { class: "budget" });
  const undo = html("button", { onclick: () => tried(change("undo")), title: text("undo_key") }, text("undo"));
  const redo = html("button", { onclick: () => tried(change("redo")), title: text("redo_key") }, text("redo"));
  const build = html("button", { onclick: () => tried(change("build", { version: null, ...chosen(pick) })) });
  const begin = html("button", { class: "main begin", onclick: () => tried(run("begin", { version: null })) }, text("begin"));
  const kept = html("select", { id: "kept", onchange: () => open(kept) });
  const of = html("div", { class: "field of-session" }, html("label", { for: "kept" }, text("session")), kept);
  pick.element.querySelector(".fields").prepend(of);
  addKeys();
  let asked = null;
  let known = null;

  // What could not be arranged is not what the session has.
  function restore(isDone) {
    if (!isDone && current().session) pick.show(current().session);
  }

  function show({ session, library }) {
    build.classList.toggle("main", !session);
    write(build, text(session ? "build_another" : "build"));
    for (const each of [of, undo, redo, begin]) each.hidden = !session;
    if (!session) {
      write(budget, text("library_holds", { count: library.tracks }));
      return;
    }
    pick.show(session);
    undo.disabled = !session.can_undo;
    redo.disabled = !session.can_redo;
    const shown = [session.number, session.profile, session.target_s, session.person].join();
    if (known !== shown) fill(kept, session.number);
    known = shown;
    const kind = [session.profile, session.target_s, session.person, library.tracks].join();
    if (asked !== kind) {
      asked = kind;
      ask("budget").then((found) => asked === kind && found && showBudget(found), () => null);
    }
  }

  function showBudget(found) {
    const holds = ["holds_none", "holds_one"][found.sessions] ?? "holds";
    const held = text(holds, { count: found.sessions });
    write(budget, [text("usable", found), held].join(text("between_facts")));
  }

  const element = html(
    "header",
    { class: "top" },
    html("h1", { class: "unseen" }, text("prepare_title")),
    pick.element,
    html("div", { class: "buttons" }, build, undo, redo, begin),
    budget,
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
    if (event.key === "Escape" && !isText && playing()) return void silence();
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
  const curve = new Curve({ height: plotHeight, points: true, hasMarks: true });
  const about = html("p", { class: "unseen" });
  const reset = html("button", { class: "plain", onclick: () => tried(change("undraw")) }, text("plan_of_profile"));
  const lasts = html("span", { class: "lasts" });
  const legend = html(
    "div",
    { class: "legend" },
    key("played", "energy_played"),
    key("plan", "energy_planned"),
    key("tense", "tension"),
    lasts,
    html("span", { class: "faint hint" }, text("draw_hint")),
    html("span", { class: "unseen", id: "point-help" }, text("point_help")),
    reset,
  );
  let stroke = null; // {id, place}: the steps of drawing one point are one change
  let next = null;
  let isSending = false;

  curve.addEventListener("drawn", ({ detail }) => {
    if (stroke?.place !== detail.place) stroke = { id: crypto.randomUUID(), place: detail.place };
    next = { ...detail, stroke: stroke.id };
    if (detail.done) stroke = null;
    if (!isSending) send();
  });

  // One step at a time: while one is arranged, the newest of those that follow waits.
  async function send() {
    isSending = true;
    while (next) {
      const step = next;
      next = null;
      await tried(change("draw", { ...step, newest: true }));
    }
    isSending = false;
    if (!stroke) curve.settle();
  }

  // How long it plays, as the run will say, once all tracks are measured.
  function showLength({ session, sound, version }) {
    if (!session) return; // it runs by now
    const own = session.slots.filter((slot) => !slot.tail).length;
    const last = sound.version === version ? sound.mix?.clips[own - 1] : null;
    write(lasts, last ? text("plays_for", { length: clock(last.end_s) }) : "");
  }
  desk.addEventListener("sound", () => showLength(current()));

  function show(state) {
    const { session } = state;
    showLength(state);
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

// What takes longer than a moment is told.
let slow = null;
desk.addEventListener("busy", ({ detail }) => {
  clearTimeout(slow);
  if (detail) slow = setTimeout(() => say(text("arranging")), SLOW_MS);
});

const plotHeight = () => (window.innerWidth < 640 ? 190 : window.innerWidth < 1600 ? 270 : 380);

function described(session) {
  const own = session.slots.filter((slot) => !slot.tail);
  const highest = own.reduce((best, slot) => (slot.energy > best.energy ? slot : best), own[0]);
  return text("curve_in_words", {
    ...{ length: clock(session.duration_s), count: own.length },
    ...{ title: highest.title, level: highest.energy.toFixed(2), time: clock(highest.start_s) },
    phases: session.phases.map((phase) => `${phase.name} ${clock(phase.start_s)}`).join(text("comma")),
  });
}

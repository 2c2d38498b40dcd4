// A session that runs: where it is, what plays, what comes, and eight buttons to steer it by.

import { ask, current, desk, Refused } from "./api.js";
import { Curve } from "./curve.js";
import { html, keyed, set, write } from "./dom.js";
import { key } from "./legend.js";
import { plan } from "./lines.js";
import { keepAwake, onKeys, onLongPress } from "./press.js";
import { Playing } from "./playing.js";
import { Remote } from "./remote.js";
import { say } from "./say.js";
import { clock, text } from "./texts.js";

const BUTTONS = [
  ...["softer", "hold", "deeper", "calm"],
  ...["skip", "longer", "next_phase", "silence"],
]; // in their order on the page
const LETTERS = { s: "softer", h: "hold", d: "deeper", c: "calm", k: "skip", l: "longer", p: "next_phase", i: "silence", n: "note" };
const KEYS = Object.fromEntries(Object.entries(LETTERS).map(([letter, name]) => [name, letter.toUpperCase()]));
const PEDAL = ["softer", "deeper", "hold", "calm", "skip", "pause"]; // what a side of a pedal can do
const NARROW = 700; // pixels of a phone
const LOW = 620; // pixels, below which the curve leaves its place to the buttons
const TOLD = 2; // of what was told last: that a file is gone does not hide how calm the music is
const ANSWERED_MS = 10_000; // for which a button says why it did nothing, or how to press it

let shown = null; // what was made for the run on the page

export function run(view, state) {
  if (shown?.id !== state.run.id || !view.firstChild) {
    leaveRun();
    shown = made(state.run);
    view.replaceChildren(shown.element);
  }
  shown.show(state.run);
}

// The run is over: its sound fades out.
export function leaveRun() {
  shown?.leave();
  shown = null;
}

// Begin the session on the page; called in the handler of a press.
export async function begin() {
  await ask("begin");
}

function made(first) {
  let state = first;
  const sound = first.player === "browser" ? browserSound() : new Remote();
  const curve = new Curve({ height: () => (innerWidth < NARROW || innerHeight < LOW ? 60 : 150) });
  const place = html("p", { class: "place" });
  const phase = html("p", { class: "phase" });
  const left = html("p", { class: "left" });
  const firstKey = key("first", "run_first");
  const legend = html(
    "p",
    { class: "legend", "aria-hidden": "true" }, // as the picture
    ...[key("played", "run_plays"), key("plan", "run_plan"), firstKey, key("tense", "tension"), key("head", "run_now")],
  );
  const words = html("p", { class: "unseen" });
  const now = line("run_now");
  const next = line("run_next");
  const go = html("button", { class: "go", hidden: true, onclick: () => sound.start() }, text("run_go_on"));
  const when = chooser();
  const answers = new Map(); // button to the sentence that it says, until when, and whether it warns
  const waiting = new Set(); // buttons whose plan is being made
  const buttons = new Map(BUTTONS.map((name) => [name, button(name, () => press(name))]));
  const note = noteField(() => sound.position_s);
  const halt = html("button", { class: "halt", onclick: () => pause() });
  const end = html("button", { class: "end" }, text("run_end"));
  const keys = keysDialog();
  const told = html("p", { class: "told", role: "status" });
  onLongPress(end, finish, hint);

  const element = html(
    "div",
    { class: "run" },
    html("h1", { class: "unseen" }, text("run_title")),
    html("header", {}, place, phase, left),
    curve.element,
    legend,
    words,
    html("div", { class: "tracks" }, now.element, next.element, go),
    told,
    when.element,
    html("div", { class: "buttons" }, ...buttons.values()),
    html("footer", {}, halt, note.element, keys.button, end),
    keys.element,
  );

  // What was clicked does not keep the focus: keys would press it again, or move in the choice,
  // and not do what they are for.
  element.addEventListener("click", ({ detail }) => {
    if (detail) document.activeElement?.closest("button, [type=radio]")?.blur();
  });

  async function press(name) {
    const pending = pendingOf(name);
    answers.delete(name);
    waiting.add(name);
    tick();
    let [sentence, warns] = ["", false];
    try {
      if (pending) {
        await ask("take_back", { press: pending.press, position_s: sound.position_s });
        sentence = text("run_taken_back", { button: text(`button_${name}`) });
      } else {
        const answer = await ask("press", { button: name, when: when.value, position_s: sound.position_s });
        if (!answer) throw new Refused(text("elsewhere"));
        sentence = answer.sentence;
        if (!answer.left_s) answers.set(name, { sentence, warns, until: performance.now() + ANSWERED_MS });
      }
    } catch (error) {
      [sentence, warns] = [error instanceof Refused ? error.message : text("unreachable"), true];
      answers.set(name, { sentence, warns, until: performance.now() + ANSWERED_MS });
    }
    waiting.delete(name);
    tick();
    say(sentence, { warns: warns && isCut(buttons.get(name).querySelector(".said")), passes: true });
  }

  // A press that was too short: the button says how it is pressed, for a moment.
  let hinted = null;
  function hint() {
    const sentence = text("run_end_hold");
    write(end, sentence);
    say(sentence);
    clearTimeout(hinted);
    hinted = setTimeout(() => write(end, text("run_end")), ANSWERED_MS);
  }

  async function pause() {
    set(halt, "disabled", true);
    try {
      await sound.pause(!state.paused);
    } catch {
      say(text("unreachable"), { warns: true });
    }
    set(halt, "disabled", false);
  }

  async function finish() {
    try {
      await ask("end", { position_s: sound.position_s });
    } catch (error) {
      say(error instanceof Refused ? error.message : text("unreachable"), { warns: true });
    }
  }

  function act(name) {
    if (name === "space") pause();
    else if (name === "left" || name === "right") act(keys.pedal(name) === "pause" ? "space" : keys.pedal(name));
    else if (name === "note") note.focus();
    else press(name);
  }

  const pendingOf = (name) =>
    state.pending.findLast((each) => each.button === name && each.until > performance.now());

  function tick() {
    const at = sound.position_s;
    const { session } = state;
    const phaseNow = session.phases.findLast((each) => each.start_s <= at) ?? session.phases[0];
    const isTail = at >= session.length_s;
    write(place, text("run_place", { at: clock(at), length: clock(session.length_s) }));
    write(phase, isTail ? text("run_tail") : phaseNow.name);
    write(left, text(isTail ? "run_over" : "run_left", { minutes: Math.max(1, Math.round((session.length_s - at) / 60)) }));
    curve.at(at);
    showTracks(session, at);
    for (const [name, each] of buttons) showButton(name, each);
    write(halt, text(state.paused ? "run_resume" : "run_pause"));
    halt.classList.toggle("paused", state.paused);
  }

  function showTracks(session, at) {
    const silence = session.silences.find((each) => each.start_s <= at && at < each.end_s);
    const playing = session.slots.findLast((each) => each.start_s <= at) ?? session.slots[0];
    const coming = session.slots.find((each) => each.start_s > at);
    if (silence) now.show(text("run_silence"), text("run_left_of", { time: clock(silence.end_s - at) }));
    else now.show(named(playing), text("run_left_of", { time: clock(playing.end_s - at) }));
    const quiet = session.silences.find((each) => each.start_s >= at && (!coming || each.start_s < coming.start_s));
    if (!silence && quiet) next.show(text("run_silence_of", { minutes: Math.round((quiet.end_s - quiet.start_s) / 6) / 10 }), "");
    else next.show(coming ? named(coming) : text("run_nothing"), "");
    write(words, text("run_words", { energy: (playing.energy ?? 0).toFixed(2), target: (playing.target ?? 0).toFixed(2) }));
  }

  function showButton(name, each) {
    const pending = pendingOf(name);
    const answer = answers.get(name);
    const isAnswered = Boolean(answer) && answer.until > performance.now();
    each.classList.toggle("pending", Boolean(pending));
    each.classList.toggle("answered", isAnswered);
    each.classList.toggle("refused", isAnswered && answer.warns);
    const said = each.querySelector(".said");
    each.classList.toggle("waiting", waiting.has(name));
    if (waiting.has(name)) write(said, text("run_wait"));
    else if (pending) write(said, pending.sentence);
    else write(said, isAnswered ? answer.sentence : "");
    write(each.querySelector(".back"), pending && !waiting.has(name) ? text("run_take_back") : "");
  }

  function draw() {
    curve.show({ ...state.session, first: plan({ curve: state.first.curve, silences: [] }) });
  }

  function show(next) {
    state = next;
    for (const each of state.pending) each.until ??= performance.now() + 1000 * each.left_s;
    sound.show(state);
    draw();
    firstKey.hidden = String(state.session.curve) === String(state.first.curve);
    write(told, state.told.slice(-TOLD).join(" "));
    tick();
  }

  sound.addEventListener("position", () => tick());
  sound.addEventListener("blocked", () => (go.hidden = false));
  sound.addEventListener("going", () => (go.hidden = true));
  const stopKeys = onKeys(LETTERS, act);
  const letSleep = keepAwake();
  const timer = setInterval(tick, 1000);
  addEventListener("resize", draw); // it is lower in a low window
  return {
    ...{ id: first.id, element, show },
    leave() {
      clearInterval(timer);
      removeEventListener("resize", draw);
      stopKeys();
      letSleep();
      sound.show(null);
      say("");
    },
  };
}

// The one player of the page: it lives on when a run ends, to fade out.
let own = null;
function browserSound() {
  own ??= new Playing();
  return own;
}

// The sound of the page is made once, and told who holds the desk, before a run is shown.
export const prepareSound = () => browserSound();

const isCut = (element) => element.scrollHeight > element.clientHeight + 1;

const named = (slot) => (slot.artist ? `${slot.title} · ${slot.artist}` : slot.title);

function line(name) {
  const title = html("span", { class: "title" });
  const rest = html("span", { class: "rest" });
  return {
    element: html("p", { class: name }, html("span", { class: "word" }, text(name)), title, rest),
    show(what, time) {
      write(title, what);
      write(rest, time);
    },
  };
}

function button(name, press) {
  return html(
    "button",
    { class: "steer", "data-button": name, onclick: press, "aria-keyshortcuts": KEYS[name] },
    html("span", { class: "name" }, text(`button_${name}`), html("kbd", { "aria-hidden": "true" }, KEYS[name])),
    html("span", { class: "said" }),
    html("span", { class: "back" }),
  );
}

// Whether a press acts after the track that plays, or at once.
function chooser() {
  const choice = (value) =>
    html(
      "label",
      {},
      html("input", { type: "radio", name: "when", value, checked: value === "after" }),
      html("span", {}, text(`run_when_${value}`)),
    );
  const element = html(
    "div",
    { class: "when", role: "radiogroup", "aria-labelledby": "when" },
    html("span", { class: "word", id: "when" }, text("run_when")),
    html("div", { class: "choice" }, choice("after"), choice("now")),
  );
  return {
    element,
    get value() {
      return element.querySelector("input:checked").value;
    },
  };
}

function noteField(position) {
  const input = html("input", { type: "text", maxlength: 2000, placeholder: text("run_note"), "aria-label": text("run_note"), autocomplete: "off" });
  const element = html(
    "form",
    {
      class: "note",
      async onsubmit(event) {
        event.preventDefault();
        const written = input.value.trim();
        if (!written) return;
        try {
          await ask("note", { text: written, position_s: position() });
          input.value = "";
          input.blur();
          say(text("run_noted"));
        } catch {
          say(text("unreachable"), { warns: true });
        }
      },
    },
    input,
  );
  input.addEventListener("keydown", (event) => event.key === "Escape" && input.blur());
  return { element, focus: () => input.focus() };
}

// The keys, and what the two sides of a pedal do; the choice is kept in this browser.
function keysDialog() {
  const choices = { left: localStorage.getItem("pedal-left") ?? "softer", right: localStorage.getItem("pedal-right") ?? "hold" };
  const name = (what) => text(what === "pause" ? "run_pause_resume" : `button_${what}`);
  const side = (which) =>
    html(
      "label",
      {},
      text(`run_pedal_${which}`),
      html(
        "select",
        {
          onchange(event) {
            choices[which] = event.target.value;
            localStorage.setItem(`pedal-${which}`, event.target.value);
          },
        },
        ...PEDAL.map((what) => html("option", { value: what, selected: what === choices[which] }, name(what))),
      ),
    );
  const known = [["Space", text("run_pause_resume")], ...BUTTONS.map((each) => [KEYS[each], text(`button_${each}`)]), [KEYS.note, text("run_note")]];
  const element = html(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title" },
    html("h2", { id: "keys-title" }, text("run_keys")),
    html("dl", {}, ...known.flatMap(([key, what]) => [html("dt", {}, html("kbd", {}, key)), html("dd", {}, what)])),
    side("left"),
    side("right"),
    html("button", { onclick: () => element.close() }, text("close")),
  );
  return {
    element,
    button: html("button", { class: "show-keys", onclick: () => element.showModal() }, text("run_keys")),
    pedal: (which) => choices[which],
  };
}

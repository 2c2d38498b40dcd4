// What the page says to the desk: commands with the version that it shows, and what it is told.

import { text } from "./texts.js";

export const tab = (sessionStorage.tab ??= crypto.randomUUID());

export class Refused extends Error {}

// "state" (all), "holder" (tab), "reach" (true or false), "stale", "busy" (true or false), and what
// is told of: "scan", "sound", "position" (of a player)
export const desk = new EventTarget();

const tell = (kind, detail) => desk.dispatchEvent(new CustomEvent(kind, { detail }));

let state = null;

export const current = () => state;

function show(next) {
  if (!next || (state && next.version < state.version)) return;
  state = next;
  tell("state", state);
}

export async function refresh() {
  const answer = await fetch("api/state");
  if (answer.ok) show(await answer.json());
}

async function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tab, ...body }),
  });
}

// Run a command that needs no certain version; its answer, or null where something newer took its
// place. Throws Refused with a sentence for the user where it cannot be done.
export async function run(name, given = {}) {
  const answer = await post(`api/do/${name}`, { version: state?.version, ...given });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) {
    show(body.state);
    return body.answer;
  }
  if (body.error) throw new Refused(body.error);
  if (body.state) {
    show(body.state);
    tell("stale");
  } else if (!body.superseded && !("holder" in body)) throw new Refused(text("failed"));
  return null;
}

let holds;
const held = new Promise((resolve) => (holds = resolve));

// Ask something of the desk that changes nothing, once this page has held it.
export async function ask(name, given = {}) {
  await held;
  return run(name, { version: null, ...given });
}

let queue = Promise.resolve();
let waiting = 0;

// Run a command that changes the session once those before it have: on what they made of it.
export function change(name, given = {}) {
  waiting += 1;
  if (waiting === 1) tell("busy", true);
  const done = queue.then(() => run(name, given)).finally(() => {
    waiting -= 1;
    if (!waiting) tell("busy", false);
  });
  queue = done.catch(() => null);
  return done;
}

export const takeOver = () => post("api/hold", {});

export function listen() {
  const source = new EventSource(`api/events?tab=${encodeURIComponent(tab)}`);
  source.onopen = () => {
    tell("reach", true);
    refresh();
  };
  source.onerror = () => tell("reach", false);
  source.addEventListener("state", (event) => {
    if (JSON.parse(event.data).version !== state?.version) refresh();
  });
  source.addEventListener("holder", (event) => {
    const holder = JSON.parse(event.data).tab;
    if (holder === tab) holds();
    tell("holder", holder);
  });
  // Who listens there from now on may be somebody else: nothing that opens this desk is sent again.
  source.addEventListener("ended", () => {
    source.close();
    tell("reach", false);
  });
  for (const kind of ["scan", "sound", "position"]) {
    source.addEventListener(kind, (event) => {
      const told = JSON.parse(event.data);
      if (state) state[kind] = told;
      tell(kind, told);
    });
  }
  return source;
}

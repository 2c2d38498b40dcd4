// What the page says to the desk: commands with the version that it shows, and what it is told.

import { text } from "./texts.js";

const COPY_MS = 1000; // in which the page that was here before this one is gone
const LOOK_MS = 1000; // between two looks at who holds the desk

// Whether a name is this page's own until it goes: no other one of the browser has it by then.
export const isOwn = (name, options = {}) =>
  new Promise((tell) => {
    const keep = (lock) => {
      tell(lock !== null);
      return lock && new Promise(() => {});
    };
    navigator.locks.request(name, options, keep).catch(() => tell(false));
  });

export const sourceOf = (number) => `page-${number.slice(0, 8)}`;

// The number of this tab, also when it is loaded again. One that was duplicated begins with that
// of the other, and takes a new one.
async function ownNumber() {
  const number = (sessionStorage.tab ??= crypto.randomUUID());
  if (await isOwn(sourceOf(number), { signal: AbortSignal.timeout(COPY_MS) })) return number;
  sessionStorage.removeItem("tab");
  return ownNumber();
}

export const tab = await ownNumber();

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

export async function takeOver() {
  await post("api/hold", {});
  listen();
}

let source = null;
let look = 0;
let reaches = null;

function reach(does) {
  if (does !== reaches) tell("reach", does);
  reaches = does;
}

// Be told of what changes, as the page that holds the desk, or may.
export function listen() {
  clearTimeout(look);
  source?.close();
  source = new EventSource(`api/events?tab=${encodeURIComponent(tab)}`);
  source.onopen = () => {
    reach(true);
    refresh();
  };
  source.onerror = () => reach(false);
  source.addEventListener("state", (event) => {
    if (JSON.parse(event.data).version !== state?.version) refresh();
  });
  source.addEventListener("holder", (event) => {
    const holder = JSON.parse(event.data).tab;
    if (holder === tab) holds();
    tell("holder", holder);
    if (holder && holder !== tab) lookOn();
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
}

// Another page holds the desk: look now and then, for a browser has six connections to a server for
// all its pages, and each that listens keeps one.
function lookOn() {
  source.close();
  clearTimeout(look);
  look = setTimeout(async () => {
    try {
      const answer = await fetch("api/holder");
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { holder, is_free, version } = await answer.json();
      reach(true);
      if (is_free) tell("holder", ""); // nothing sounds elsewhere any more
      if (is_free || holder === tab) return listen();
      if (version !== state?.version) await refresh();
    } catch {
      reach(false);
    }
    lookOn();
  }, LOOK_MS);
}

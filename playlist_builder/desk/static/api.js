// What the page says to the desk: commands with the version that it shows, and what it is told.

export const tab = (sessionStorage.tab ??= crypto.randomUUID());

export class Refused extends Error {}

export const desk = new EventTarget(); // "state" (all), "holder" (tab), "reach" (true or false)

let state = null;

export const current = () => state;

function show(next) {
  if (!next || (state && next.version < state.version)) return;
  state = next;
  desk.dispatchEvent(new CustomEvent("state", { detail: state }));
}

export async function refresh() {
  const answer = await fetch("/api/state");
  if (answer.ok) show(await answer.json());
}

async function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tab, ...body }),
  });
}

// Run a command; its answer, or null where something newer took its place. Throws Refused with a
// sentence for the user where it cannot be done.
export async function run(name, given = {}) {
  const answer = await post(`/api/do/${name}`, { version: state?.version, ...given });
  const body = await answer.json();
  if (answer.ok) {
    show(body.state);
    return body.answer;
  }
  if (body.error) throw new Refused(body.error);
  if (body.state) {
    show(body.state);
    desk.dispatchEvent(new CustomEvent("stale"));
  }
  return null;
}

export const takeOver = () => post("/api/hold", {});

export function listen() {
  const source = new EventSource(`/api/events?tab=${encodeURIComponent(tab)}`);
  const reach = (detail) => desk.dispatchEvent(new CustomEvent("reach", { detail }));
  source.onopen = () => {
    reach(true);
    refresh();
  };
  source.onerror = () => reach(false);
  source.addEventListener("state", (event) => {
    if (JSON.parse(event.data).version !== state?.version) refresh();
  });
  source.addEventListener("holder", (event) => {
    desk.dispatchEvent(new CustomEvent("holder", { detail: JSON.parse(event.data).tab }));
  });
  return source;
}

// Listening while a session is prepared: one track, or the join of two as it is rendered.

import { current } from "./api.js";
import { html, write } from "./dom.js";
import { say } from "./say.js";
import { clock, text } from "./texts.js";

const EDGE_S = 10; // before and after a join
let player = null;
let now = null; // {key, title} of what plays

const title = html("span", { class: "playing" });
const time = html("span", { class: "faint time" });
const stop = html("button", { onclick: () => silence() }, text("stop_listening"));
// At the foot of the page while something plays. Not a live region: it changes each second.
export const bar = html("section", { class: "hearing", hidden: true, "aria-label": text("listening") }, title, time, stop);

// "change": another thing plays, or nothing
export const hearing = new EventTarget();
export const playing = () => now?.key ?? null;

async function deck() {
  if (player) return player;
  const { Player } = await import("./player.js");
  player = new Player();
  player.addEventListener("position", ({ detail }) => write(time, clock(detail.position_s - now.from_s)));
  player.addEventListener("ended", () => show(null));
  player.addEventListener("blocked", () => say(text("press_again"), { warns: true }));
  player.addEventListener("broken", ({ detail }) => {
    say(detail.error || text("cannot_play"), { warns: true });
    silence();
  });
  return player;
}

function show(what) {
  now = what;
  bar.hidden = !what;
  document.body.classList.toggle("hears", Boolean(what));
  write(title, what?.title ?? "");
  write(time, "");
  hearing.dispatchEvent(new Event("change"));
}

async function play(what, mix, from_s, until_s) {
  if (playing() === what.key) return silence();
  show({ ...what, from_s });
  try {
    const own = await deck();
    await own.play(mix, from_s, until_s ? { until_s } : {});
  } catch (error) {
    show(null);
    say(text("cannot_play"), { warns: true });
    throw error;
  }
  return null;
}

export async function silence() {
  const own = player;
  show(null);
  await own?.stop(0.3);
}

// Play a track of the session or of the library, or end it where it plays.
export const track = ({ id, title: called, from_s, to_s }) =>
  play({ key: id, title: called }, { url: `sound/track/${encodeURIComponent(id)}` }, from_s ?? 0, to_s);

// Play the join of the track at a place with the one before it, places from 1.
export function join(slots, place) {
  const sound = current()?.sound;
  const clips = sound?.mix?.clips;
  if (!clips?.[place - 1] || sound.version !== current().version) {
    return say(text("levels_are_measured", { ready: sound?.ready ?? 0, total: sound?.total ?? slots.length }));
  }
  const [before, after] = [clips[place - 2], clips[place - 1]];
  const names = { before: slots[place - 2].title, after: slots[place - 1].title };
  const what = { key: `join-${slots[place - 1].id}`, title: text("join_title", names) };
  return play(what, sound.mix, Math.max(0, after.at_s - EDGE_S), before.end_s + EDGE_S);
}

// What the page notes for the record of a run: what sounded, second by second, and how loud.
// Notes wait in the browser until the desk has them on its disk, also through a reload or a crash.

import { ask, isOwn, sourceOf, tab } from "./api.js";

const ONE_S = 3; // of music in one note; a crash may set the music back by so much and a little more
const CONTIGUOUS_S = 3; // a longer step is a jump, unless the page stood still for as long
const LATE_S = 1;
const SILENT_DB = -60;
const MOST = 200; // notes in one message
const RETRY_MS = 3000;

const KEY = /^noted-(.+)-(page-[^-]+)$/; // by the id of a run, which no other library has

export class Noted {
  #run; // its id
  #source;
  #key;
  #kept; // {last, queue, open}: number of the last note that the desk has, notes behind it, and
  //         what sounds: {from_s, to_s, at}
  #knows = false; // the number that the desk has been asked for
  #sending = null;
  #timer = 0;
  #movedMs = 0; // when it was told last how far the mix has been heard

  constructor(run, source = sourceOf(tab)) {
    this.#run = run;
    this.#source = source;
    this.#key = `noted-${run}-${source}`;
    const known = JSON.parse(localStorage.getItem(this.#key) ?? "null");
    this.#kept = known ?? { last: 0, queue: [], open: null };
  }

  // What a crash of the page left open; it is lost where its clips are not known.
  recover(sounds) {
    if (sounds) this.close(0, sounds);
    else this.#kept.open = null;
  }

  // How far this page has heard the mix, or null.
  get position_s() {
    return this.#kept.open?.to_s ?? this.#kept.heard_s ?? null;
  }

  // The music begins at a second of the mix, or goes on there.
  begin(position_s) {
    this.#open(position_s);
    this.#keep();
  }

  // The mix has been heard up to a second of it, with these clips in it.
  heard(position_s, sounds) {
    const open = this.#kept.open;
    const step = open ? position_s - open.to_s : 0;
    const stood_s = (performance.now() - this.#movedMs) / 1000;
    this.#movedMs = performance.now();
    if (!open || step < 0 || step > Math.max(CONTIGUOUS_S, stood_s + LATE_S)) {
      this.#close(sounds);
      this.#open(position_s);
    } else if (open.to_s === open.from_s) open.at = Date.now() - 1000 * step; // it had to wait
    this.#kept.open.to_s = position_s;
    if (position_s - this.#kept.open.from_s >= ONE_S) this.cut(sounds);
    this.#keep();
  }

  // Write down what sounded so far; the music plays on.
  cut(sounds) {
    const open = this.#kept.open;
    if (!open) return;
    this.#close(sounds);
    this.#open(open.to_s);
    this.#keep();
  }

  // The music stops: write down what sounded.
  close(position_s, sounds) {
    if (this.#kept.open) this.#kept.open.to_s = Math.max(position_s, this.#kept.open.to_s);
    this.#close(sounds);
    this.#keep();
  }

  #open(position_s) {
    this.#kept.open = { from_s: position_s, to_s: position_s, at: Date.now() };
    this.#movedMs = performance.now();
    this.#kept.heard_s = position_s;
  }

  #close(sounds) {
    const open = this.#kept.open;
    this.#kept.open = null;
    if (!open) return;
    this.#kept.heard_s = open.to_s;
    for (const what of heardIn(sounds, open.from_s, open.to_s)) {
      this.#add(open.at + (what.session_s - open.from_s) * 1000, what);
    }
  }

  // Write down something else that happened at a second of the mix.
  note(kind, session_s, values = {}) {
    this.#add(Date.now(), { kind, session_s, ...values });
    this.#keep();
  }

  #add(at_ms, values) {
    this.#kept.queue.push({ at: new Date(at_ms).toISOString(), ...values });
    this.send();
  }

  // Send what waits, again and again until the desk has it.
  send() {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
      if (this.#kept.queue.length) this.#again();
    });
    return this.#sending;
  }

  // Resolves when all of it is sent.
  async sendAll() {
    while (!this.isSent) {
      await this.send();
      if (!this.isSent) await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }

  #again() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), RETRY_MS);
  }

  async #send() {
    try {
      if (!this.#knows) {
        this.#got((await this.#ask([])).last);
        this.#knows = true;
      }
      while (this.#kept.queue.length) {
        const { last } = this.#kept;
        const events = this.#kept.queue
          .slice(0, MOST)
          .map((each, place) => ({ ...each, number: last + 1 + place }));
        this.#got((await this.#ask(events)).last);
        if (this.#kept.last === last) return;
      }
    } catch {
      // The desk does not answer, or its library is busy: they wait.
    }
  }

  // The page goes: leave as much with the desk as can be.
  leave(sounds, session_s) {
    this.close(session_s, sounds);
    const { last, queue } = this.#kept;
    queue.push({ at: new Date().toISOString(), kind: "closed", session_s });
    this.#keep();
    if (!this.#knows) return;
    const events = queue.slice(0, MOST).map((each, place) => ({ ...each, number: last + 1 + place }));
    fetch("api/do/heard", {
      ...{ method: "POST", keepalive: true, headers: { "Content-Type": "application/json" } },
      body: JSON.stringify({ tab, run: this.#run, source: this.#source, events }),
    }).catch(() => null);
  }

  async #ask(events) {
    return (await ask("heard", { run: this.#run, source: this.#source, events })) ?? { last: this.#kept.last };
  }

  // The number of the last note that the desk has; null where it has no such run.
  #got(last) {
    if (last === null) this.#kept.queue = [];
    else this.#kept.queue.splice(0, Math.max(0, last - this.#kept.last));
    this.#kept.last = Math.max(last ?? 0, this.#kept.last);
    this.#keep();
  }

  // What is kept is gone with the run.
  forget() {
    localStorage.removeItem(this.#key);
  }

  get isSent() {
    return !this.#kept.queue.length;
  }

  #keep() {
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // The browser keeps no more: they wait in this page alone.
    }
  }
}

// Send what pages have left that are gone, of this run and others, whose clips are not known here.
export async function sendLeft(run, sounds) {
  for (const key of Object.keys(localStorage)) {
    const [, of, source] = key.match(KEY) ?? [];
    if (!of || (of === run && source === sourceOf(tab))) continue;
    if (source !== sourceOf(tab) && !(await isOwn(source, { ifAvailable: true }))) continue;
    const left = new Noted(of, source);
    left.recover(of === run ? sounds : null);
    await left.sendAll();
    left.forget();
  }
}

// The notes of what sounded between two seconds of the mix: one for each clip, or of silence.
export function heardIn(sounds, from_s, to_s) {
  const found = sounds
    .map((each) => ({ each, start: Math.max(from_s, each.start_s), end: Math.min(to_s, each.end_s) }))
    .filter(({ start, end }) => end - start > 0.001)
    .sort((left, right) => left.start - right.start);
  const notes = [];
  let covered = from_s;
  for (const { each, start, end } of found) {
    if (start > covered + 0.001) notes.push(silent(covered, start));
    notes.push({
      ...{ kind: "sounded", session_s: round(start), track: each.id },
      ...{ offset_s: round(each.first_s + start - each.start_s), seconds: round(end - start) },
      gains_db: gains(each, start, round(end - start)),
    });
    covered = Math.max(covered, end);
  }
  if (to_s > covered + 0.001) notes.push(silent(covered, to_s));
  return notes;
}

const silent = (from_s, to_s) => ({
  ...{ kind: "silent", session_s: round(from_s), seconds: round(to_s - from_s), planned: true },
});

const round = (seconds) => Math.round(seconds * 1000) / 1000;

function gains(clip, start_s, seconds) {
  return Array.from({ length: Math.ceil(seconds) }, (_, second) => {
    const at_s = start_s + Math.min(second + 0.5, seconds);
    return Math.round(10 * gainAt(clip, at_s)) / 10;
  });
}

// The gain of a clip in dB at a second of the mix, with its fades (equal power) and slow moves.
export function gainAt(clip, at_s) {
  const share = Math.min(
    1,
    (at_s - clip.start_s) / Math.max(clip.fade_in_s, 0.001),
    (clip.end_s - at_s) / Math.max(clip.fade_out_s, 0.001),
  );
  const fade = share < 1 ? 20 * Math.log10(Math.max(Math.sin((Math.PI / 2) * Math.max(share, 0)), 1e-3)) : 0;
  const move = clip.course?.[Math.min(Math.max(Math.floor(at_s - clip.start_s), 0), clip.course.length - 1)] ?? 0;
  return Math.max(clip.gain_db + move + fade, SILENT_DB);
}

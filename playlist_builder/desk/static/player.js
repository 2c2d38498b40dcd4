// Plays mixes without gaps. A mix is {url, length_s, ...}: the server mixes, this only lays what it
// is sent on the clock of the audio context, minutes ahead, so that a server that stalls or starts
// again is not heard. Positions are seconds of a mix.
//
// Events: position {position_s, mix} each second; ended {mix, position_s};
// gap {ms, reason}, when it is over: the music came late, or the device stood still;
// blocked, when the browser waits for a press, in which `resume` is to be called;
// broken {mix, from_s, until_s, error}: a file cannot be read, and is skipped unless `replace` comes.

import { FADE, Lane } from "./lane.js";
import { Broken, fetchPart, RATE_HZ } from "./pcm.js";

const LEAD = 0.1 * RATE_HZ; // the soonest that something new can be heard
const FIRST = 2 * RATE_HZ; // samples of the first part that is asked for, then twice as many
const SOON = 5 * RATE_HZ; // of music left, when what cannot be read is skipped
const TRIES = 6; // to begin with what cannot be read: 3 s, in which the desk finds something else
const RETRY_MS = [100, 250, 500, 1000];
const TICK_MS = 250;
const TICKS = 4; // from one position to the next
const BLOCKED_TICKS = 2;
const GAP_MS = 30;

const samples = (seconds) => Math.round(seconds * RATE_HZ);

export class Player extends EventTarget {
  #ahead;
  #chunk;
  #context = null;
  #output = null;
  #lanes = []; // in turn on the clock; the last one is filled
  #wish = null; // a mix that is to come, of which nothing is there yet
  #isWorking = false;
  #wake = () => {};
  #abort = new AbortController();
  #failures = 0;
  #isPaused = false;
  #pausing = 0;
  #timer = 0;
  #ticks = 0;
  #still = 0; // ticks since the context last ran
  #behind = []; // ms by which the clock of the context is behind, of the last ticks
  #told = "";

  constructor({ ahead_s = 300, chunk_s = 10 } = {}) {
    super();
    this.#ahead = samples(ahead_s);
    this.#chunk = samples(chunk_s);
  }

  get is_playing() {
    return this.#lanes.length > 0 || this.#wish !== null;
  }

  get is_paused() {
    return this.#isPaused;
  }

  get mix() {
    return (this.#laneAt(this.#heard) ?? this.#wish)?.mix ?? null;
  }

  get position_s() {
    const heard = this.#heard;
    const lane = this.#laneAt(heard);
    if (!lane) return (this.#wish?.first ?? 0) / RATE_HZ;
    return Math.min(Math.max(heard, lane.at) - lane.offset, lane.filled) / RATE_HZ;
  }

  get ahead_s() {
    const lane = this.#open ?? this.#lanes.at(-1);
    return lane ? Math.max(0, lane.end - this.#now) / RATE_HZ : 0;
  }

  // Play a mix from a place on, in the handler of a press; resolves when it is about to sound.
  play(mix, from_s, { until_s = Infinity } = {}) {
    this.#ready();
    this.#unpause(0);
    return this.#want({ kind: "play", mix, first: samples(from_s), until: samples(until_s) });
  }

  // Let another mix go on from a place on; the one that plays is heard until it is there. Resolves
  // with the place where it takes over, or with null where something newer came.
  replace(mix, at_s) {
    const wish = this.#wish;
    if (!this.is_playing) return Promise.resolve(null);
    if (wish && wish.kind !== "replace") return this.#want({ ...wish, mix, until: Infinity });
    const first = Math.min(samples(at_s), wish?.first ?? Infinity);
    return this.#want({ kind: "replace", mix, first, until: Infinity });
  }

  pause(fade_s = 1) {
    if (!this.#context || this.#isPaused) return;
    this.#isPaused = true;
    this.#fade(0, fade_s);
    this.#pausing = setTimeout(() => this.#context.suspend(), 1000 * fade_s);
  }

  resume(fade_s = 1) {
    if (this.#context) this.#unpause(fade_s);
  }

  // Resolves when it is silent.
  stop(fade_s = 1) {
    const fade = Math.max(FADE, samples(fade_s));
    const end = this.#now + fade;
    for (const lane of this.#lanes) {
      if (this.#isPaused || lane.at >= end) lane.drop();
      else lane.close(end, fade);
    }
    this.#lanes = [];
    this.#give(null);
    clearInterval(this.#timer);
    return new Promise((resolve) => setTimeout(resolve, this.#isPaused ? 0 : 1000 * fade_s));
  }

  // The sample of the clock that is mixed next.
  get #now() {
    return this.#context ? Math.ceil(this.#context.currentTime * RATE_HZ) : 0;
  }

  // The sample of the clock that is heard now.
  get #heard() {
    return this.#now - samples(this.#context?.outputLatency || 0);
  }

  // The first lane of which more is to come, and can come before the next one takes over.
  get #open() {
    const soon = this.#now + LEAD;
    return this.#lanes.find((lane, n) => !lane.isComplete && !(this.#lanes[n + 1]?.at <= soon));
  }

  #laneAt(now) {
    return this.#lanes.findLast((lane) => lane.at <= now) ?? this.#lanes[0];
  }

  #tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  #ready() {
    if (!this.#context) {
      this.#context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "playback" });
      this.#output = this.#context.createGain();
      this.#output.connect(this.#context.destination);
    }
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#behind = [];
  }

  #unpause(fade_s) {
    clearTimeout(this.#pausing);
    this.#context.resume().catch(() => {});
    if (this.#isPaused) this.#fade(1, fade_s);
    this.#isPaused = false;
    this.#still = 0;
    this.#behind = [];
  }

  #fade(to, fade_s) {
    const { gain } = this.#output;
    const now = this.#context.currentTime;
    gain.cancelScheduledValues(0);
    gain.setValueAtTime(gain.value, now);
    gain.linearRampToValueAtTime(to, now + Math.max(fade_s, FADE / RATE_HZ));
  }

  #want(wish) {
    return new Promise((resolve) => {
      this.#give({ tries: 0, ...wish, resolve, retry: 0 });
      this.#work();
    });
  }

  #give(wish) {
    this.#wish?.resolve?.(null);
    this.#wish = wish;
    this.#failures = 0;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#wake();
  }

  // Fetch what is wanted next, until nothing is left to play.
  async #work() {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.is_playing) {
      const lane = this.#open;
      if (this.#wish && this.#wish.retry <= performance.now()) await this.#begin(this.#wish);
      else if (lane && lane.end - this.#now < this.#ahead) await this.#fill(lane);
      else await this.#rest(TICK_MS);
    }
    this.#isWorking = false;
  }

  #rest(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #patience() {
    return RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
  }

  async #begin(wish) {
    const { first } = this.#place(wish);
    try {
      const part = await fetchPart(wish.mix.url, first, FIRST, this.#abort.signal);
      if (wish === this.#wish) this.#lay(wish, first, part);
    } catch (error) {
      if (wish !== this.#wish) return;
      wish.retry = performance.now() + this.#patience();
      if (error instanceof Broken) this.#breaks(wish, first, error.detail);
    }
  }

  async #fill(lane) {
    const count = Math.min(lane.chunk, this.#chunk);
    try {
      const part = await fetchPart(lane.mix.url, lane.filled, count, this.#abort.signal);
      if (lane !== this.#open) return;
      this.#failures = 0;
      lane.chunk = 2 * count;
      const isLate = !lane.add(part.planes, part.length);
      if (isLate && lane === this.#open) this.#lay(this.#after(lane), lane.filled, part);
    } catch (error) {
      if (lane !== this.#open || this.#abort.signal.aborted) return;
      if (error instanceof Broken) this.#skip(lane, error.detail);
      await this.#rest(this.#patience());
    }
  }

  // What goes on behind a lane, whose end it does not know yet: as the last lane would have.
  #after(lane, first = lane.filled) {
    const { mix, until } = this.#lanes.at(-1);
    return { kind: "next", after: lane, mix, first, until };
  }

  // Where a mix begins: at which sample of the clock, and with which of its own.
  #place({ kind, first, after = this.#lanes.at(-1) }) {
    const soon = this.#now + LEAD;
    if (kind === "play") return { at: soon, first };
    if (kind === "next") return { at: Math.max(after.end - FADE, soon), first };
    const lane = this.#lanes.findLast((each) => first + each.offset >= each.at) ?? this.#lanes[0];
    const at = Math.max(Math.min(first, lane.last) + lane.offset, soon);
    return { at, first: at - lane.offset };
  }

  // Lay the first samples of a mix on the clock, in place of all that lies behind its beginning.
  // Where they come too late, nothing changes, and they are asked for again.
  #lay(wish, fetched, part) {
    const { at, first } = this.#place(wish);
    const skipped = first - fetched;
    if (skipped >= part.planes[0].length && first < part.length) return;
    const before = this.#lanes.findLast((each) => each.at < at);
    const rises = Boolean(before) || first > 0;
    const { mix, until } = wish;
    const lane = new Lane(this.#context, this.#output, { mix, first, at, until, rises });
    if (!lane.add(part.planes.map((plane) => plane.subarray(skipped)), part.length)) {
      lane.drop();
      return;
    }
    for (const each of this.#lanes.filter((each) => each.at >= at)) each.drop();
    this.#lanes = this.#lanes.filter((each) => each.at < at);
    const gap = before && wish.kind === "next" ? at - before.end : 0;
    before?.close(at + FADE);
    if (before && wish.kind === "next") before.until = before.filled; // no more of it is wanted
    this.#lanes.push(lane);
    if (gap > 0) this.#tell("gap", { ms: (1000 * gap) / RATE_HZ, reason: "late" });
    if (wish !== this.#wish) return;
    this.#wish = null;
    this.#failures = 0;
    wish.resolve?.(first / RATE_HZ);
  }

  #tellBroken(mix, detail) {
    const key = `${mix.url} ${detail.until_s}`;
    if (key !== this.#told) this.#tell("broken", { ...detail, mix });
    this.#told = key;
  }

  // What a mix begins with cannot be read: try again, also with the mixes that come in its place,
  // then leave it out.
  #breaks(wish, first, detail) {
    this.#tellBroken(wish.mix, detail);
    wish.tries += 1;
    const isHeard = wish.kind === "replace" && this.ahead_s * RATE_HZ > SOON;
    if (wish !== this.#wish || wish.tries < TRIES || isHeard) return;
    if (wish.kind === "replace") wish.kind = "next";
    wish.first = Math.max(samples(detail.until_s), first + 1);
  }

  // What comes next cannot be read: it is left out where nothing better comes in time.
  #skip(lane, detail) {
    this.#tellBroken(lane.mix, detail);
    if (lane.end - this.#now > SOON || this.#wish) return;
    const first = samples(detail.until_s);
    const next = this.#after(lane, first);
    if (first < Math.min(next.until, next.mix.length_s * RATE_HZ)) {
      this.#give({ ...next, tries: 0, retry: 0 });
    } else lane.until = lane.filled;
  }

  #tick() {
    const isRunning = this.#context.state === "running";
    if (!isRunning && !this.#isPaused) {
      this.#context.resume().catch(() => {});
      this.#still += 1;
      if (this.#still === BLOCKED_TICKS) this.#tell("blocked");
    }
    if (!isRunning) return;
    this.#still = 0;
    const heard = this.#heard;
    while (this.#lanes.length > 1 && this.#lanes[1].at <= heard) this.#lanes.shift();
    this.#watch();
    const lane = this.#lanes.at(-1);
    if (lane?.isComplete && heard >= lane.end && !this.#wish) this.#end(lane);
    else if (this.#lanes.length && (this.#ticks += 1) % TICKS === 0) {
      this.#tell("position", { position_s: this.position_s, mix: this.mix });
    }
  }

  #end({ mix, end, offset }) {
    this.#lanes = [];
    clearInterval(this.#timer);
    this.#wake();
    this.#tell("ended", { mix, position_s: (end - offset) / RATE_HZ });
  }

  // Tell where the clock of the context stood still, as when the device was busy.
  #watch() {
    this.#behind.push(performance.now() - 1000 * this.#context.currentTime);
    if (this.#behind.length < 2 * TICKS) return;
    const [before, now] = [this.#behind.slice(0, TICKS), this.#behind.slice(-TICKS)];
    const gap = Math.min(...now) - Math.min(...before);
    if (gap > GAP_MS) {
      this.#tell("gap", { ms: gap, reason: "device" });
      this.#behind = now;
    } else this.#behind.shift();
  }
}

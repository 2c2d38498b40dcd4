// The sound of a run in this page: one mix, which is replaced from a moment on when the plan is.

import { ask, current, desk, refresh, Refused, tab } from "./api.js";
import { Noted, sendLeft } from "./noted.js";
import { Player } from "./player.js";

const HAND_OVER_MS = 600; // in which another page says how far it came
const PAUSE_S = 1; // of the fade into a pause
const END_FADE_S = 4;
const LOST_MS = 1000; // after which the desk is asked again for what it did not answer
const HAND_OVER_FADE_S = 2;
const RECENT_S = 20; // a page that was heard so lately still sounds until it is taken over

export class Playing extends EventTarget {
  #player = new Player();
  #noted = null;
  #run = null;
  #holds = false;
  #looksOn = false; // another page holds the desk, or held it until it was closed
  #starting = false;
  #pausing = 0;

  // Events: "position" {position_s}, "blocked" (a press is needed), "going" (it sounds)
  constructor() {
    super();
    this.#player.addEventListener("position", () => this.#moved());
    this.#player.addEventListener("blocked", () => this.#tell("blocked"));
    this.#player.addEventListener("ended", ({ detail }) => this.#ended(detail));
    this.#player.addEventListener("gap", ({ detail }) => {
      const cause = detail.reason === "late" ? "stall" : "gap";
      this.#noted?.note("gap", this.position_s, { ms: Math.round(detail.ms), cause });
    });
    this.#player.addEventListener("broken", ({ detail }) => this.#broken(detail));
    desk.addEventListener("holder", ({ detail }) => this.#held(detail));
    addEventListener("pagehide", () => {
      if (this.#player.is_playing) this.#noted?.leave(this.#run?.sounds ?? [], this.position_s);
    });
  }

  get position_s() {
    return this.#player.is_playing ? this.#player.position_s : this.#from_s();
  }

  get is_playing() {
    return this.#player.is_playing;
  }

  // Take the run as the desk has it; null when it is over.
  show(run) {
    const before = this.#run;
    if (before && run && before.id === run.id && this.#player.is_playing) {
      if (before.mix.url !== run.mix.url) {
        this.#noted.cut(before.sounds);
        this.#player.replace(run.mix, run.mix.same_until_s);
      }
      this.#run = run;
      if (run.paused !== this.#player.is_paused) this.#pause(run.paused);
      return;
    }
    if (!run) {
      this.#stop(END_FADE_S);
      this.#run = null;
      return;
    }
    this.#run = run;
    if (before?.id !== run.id) {
      this.#noted = new Noted(run.id);
      this.#noted.recover(run.sounds);
    }
    this.#noted.send();
    if (this.#holds) this.start();
  }

  // Let it sound where it was left; in the handler of a press where the browser asks for one.
  async start() {
    if (!this.#run || this.#starting) return;
    if (this.#player.is_playing) return void (await this.#player.resume());
    this.#starting = true;
    try {
      const from_s = this.#from_s();
      if (this.#run.paused) return;
      if (from_s > 0.5) this.#noted.note("reopened", from_s);
      this.#noted.begin(from_s);
      sendLeft(this.#run.id, this.#run.sounds);
      await this.#player.play(this.#run.mix, from_s);
    } finally {
      this.#starting = false;
    }
  }

  async pause(is_paused) {
    this.#pause(is_paused);
    await ask(is_paused ? "pause" : "resume", { position_s: this.position_s });
  }

  #pause(is_paused) {
    clearTimeout(this.#pausing);
    if (is_paused) {
      this.#player.pause(PAUSE_S);
      this.#pausing = setTimeout(() => this.#stopped(), 1000 * PAUSE_S + 100);
    } else if (this.#player.is_playing) {
      this.#stopped();
      this.#noted.begin(this.position_s);
      this.#player.resume(PAUSE_S);
    } else {
      this.#run.paused = false;
      this.start();
    }
  }

  // Where the mix was left: here, or in another page that was heard later.
  #from_s() {
    const { position_s = 0, position_at = 0, paused = true } = this.#run ?? {};
    const own_s = this.#noted?.position_s ?? 0;
    const age_s = Math.max(0, Date.now() / 1000 - position_at); // the clock may be set back
    const there_s = !paused && this.wasElsewhere && age_s < RECENT_S ? position_s + age_s : position_s;
    return Math.max(own_s, there_s);
  }

  #moved() {
    if (!this.#run || !this.#player.is_playing || this.#player.is_paused) return;
    const { position_s } = this.#player;
    this.#noted.heard(position_s, this.#run.sounds);
    this.#tell("going");
    this.#tell("position", { position_s });
  }

  #stopped(position_s = this.position_s) {
    this.#noted?.close(position_s, this.#run?.sounds ?? []);
  }

  async #held(holder) {
    const holds = holder === tab;
    const gained = holds && !this.#holds;
    this.#holds = holds;
    if (!holds) {
      this.#looksOn = true;
      this.wasElsewhere = Boolean(holder);
      this.#stop(HAND_OVER_FADE_S);
    } else if (gained && this.#run) {
      if (this.wasElsewhere) await new Promise((done) => setTimeout(done, HAND_OVER_MS));
      if (this.#looksOn) await refresh();
      this.#looksOn = false;
      this.start();
    }
  }

  async #stop(fade_s) {
    if (!this.#player.is_playing) return;
    this.#stopped();
    await this.#player.stop(fade_s);
  }

  #ended({ position_s }) {
    this.#stopped(position_s);
    if (!this.#run) return;
    // It may be over by now; where the desk is away, the end comes again when that is back.
    ask("end", { position_s: this.#run.session.mix_s, finished: true }).catch(() => null);
  }

  // Ask for something else in place of what cannot be read, until the desk answers.
  async #broken({ mix, from_s, until_s }) {
    while (current()?.run?.mix.url === mix.url && this.position_s < until_s) {
      try {
        return void (await ask("lost", { position_s: this.position_s, from_s, until_s }));
      } catch (error) {
        if (error instanceof Refused) return;
        await new Promise((done) => setTimeout(done, LOST_MS));
      }
    }
  }

  #tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

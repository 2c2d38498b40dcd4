// The sound of a run in another player: the desk drives it, and says how far it is.

import { ask, desk } from "./api.js";

export class Remote extends EventTarget {
  #at = { position_s: 0, position_at: 0, paused: true };
  #is_shown = false;

  // Events: "position", when the desk says how far the player is.
  constructor() {
    super();
    desk.addEventListener("position", ({ detail }) => {
      if (!this.#is_shown) return;
      this.#at = detail;
      this.dispatchEvent(new CustomEvent("position", { detail }));
    });
  }

  // It goes on between two words of the desk, but not for long: the player may stand still.
  get position_s() {
    const { position_s, position_at, paused } = this.#at;
    const since_s = Math.min(Math.max(Date.now() / 1000 - position_at, 0), MOST_S);
    return paused ? position_s : position_s + since_s;
  }

  // Take the run as the desk has it; null when it is over.
  show(run) {
    this.#is_shown = run !== null;
    if (run) this.#at = run;
  }

  start() {}

  pause(is_paused) {
    return ask(is_paused ? "pause" : "resume", { position_s: this.position_s });
  }
}

const MOST_S = 2;

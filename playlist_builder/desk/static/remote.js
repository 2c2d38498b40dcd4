// The sound of a run in another player: the desk drives it, and says how far it is.

import { ask } from "./api.js";

export class Remote extends EventTarget {
  #run = null;

  // Events: none; the page asks for the position each second.
  get position_s() {
    const { position_s = 0, position_at = 0, paused = true } = this.#run ?? {};
    return paused ? position_s : position_s + Math.max(0, Date.now() / 1000 - position_at);
  }

  show(run) {
    this.#run = run;
  }

  start() {}

  pause(is_paused) {
    return ask(is_paused ? "pause" : "resume", { position_s: this.position_s });
  }
}

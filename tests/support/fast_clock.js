// An audio context whose clock runs as fast as it is fed, and which keeps what sounds. It stands
// still at `goal` seconds, and while `waits()`: what a page lays then is in time, however slow the
// page is.
window.goal = Infinity;
window.whole = null;
window.clock = () => 0; // where it stands, or stood last
window.halt = null; // where it stands: let it run on for some steps while the page does nothing
window.starves = false; // does not wait
window.waits = () =>
  !window.starves &&
  window.player.is_playing &&
  window.player.ahead_s < 5 &&
  window.player.position_s + window.player.ahead_s < window.whole.length_s - 0.1;

window.AudioContext = class AudioContext extends OfflineAudioContext {
  static #STEP = 12288; // samples, 96 blocks of the clock
  #isRunning = false;
  #end = 0; // sample of the clock, of the step that it makes
  #stopped = null;

  constructor() {
    super(2, window.seconds * 48000, 48000);
    window.halt = (steps) => this.#halt(steps);
  }

  get state() {
    return this.#isRunning ? "running" : "suspended";
  }

  get outputLatency() {
    return 0;
  }

  async resume() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#drive();
  }

  async #drive() {
    const all = 48000 * window.seconds;
    this.#stopAfter(0);
    super.startRendering().then((kept) => {
      window.heard = () => [0, 1].map((channel) => kept.getChannelData(channel));
    });
    for (;;) {
      await this.#stopped;
      await this.#stands();
      await this.#stopped; // again, where the page stood still
      if (this.#end + AudioContext.#STEP > all) break;
      this.#stopAfter(1);
      super.resume();
    }
    super.resume();
  }

  async #stands() {
    const { currentTime } = this;
    window.clock = () => currentTime;
    do await new Promise((resolve) => setTimeout(resolve));
    while (currentTime >= window.goal || window.waits());
  }

  #stopAfter(steps) {
    this.#end += steps * AudioContext.#STEP;
    this.#stopped = super.suspend(this.#end / 48000);
  }

  #halt(steps) {
    this.#stopAfter(steps);
    super.resume();
    while (48000 * this.currentTime < this.#end - 1);
  }
};

// An audio context whose clock runs as fast as it is fed, and which keeps what sounds. It stands
// still at `goal` seconds, and while `waits()`.
window.goal = Infinity;
window.whole = null;
window.clock = () => 0;
window.starves = false; // does not wait
window.waits = () =>
  !window.starves &&
  window.player.is_playing &&
  window.player.ahead_s < 5 &&
  window.player.position_s + window.player.ahead_s < window.whole.length_s - 0.1;

window.AudioContext = class extends OfflineAudioContext {
  static STEP_S = 0.256;
  #isRunning = false;

  constructor() {
    super(2, window.seconds * 48000, 48000);
    window.clock = () => this.currentTime;
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
    const steps = Math.floor(window.seconds / window.AudioContext.STEP_S);
    const stops = (step) => super.suspend(step * window.AudioContext.STEP_S);
    let stopped = stops(1);
    super.startRendering().then((kept) => {
      window.heard = () => [0, 1].map((channel) => kept.getChannelData(channel));
    });
    for (let step = 2; ; step += 1) {
      await stopped;
      do await new Promise((resolve) => setTimeout(resolve));
      while (this.currentTime >= window.goal || window.waits());
      if (step > steps) break;
      stopped = stops(step);
      super.resume();
    }
    super.resume();
  }
};

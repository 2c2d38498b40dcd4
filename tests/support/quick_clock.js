// Lets a page live as fast as it can, sound and all, but at most QUICK.speed times as fast as the
// real time: its timers follow the clock of what it plays, which is mixed step by step and goes to
// no device. Time stands still at `goal` seconds of `clock()`, and, unless it `starves`, while less
// than 4 s of music are there or a command is under way: then its timers go on with the real time, or
// nothing would be tried again. The time of day is the real one.
//
// The levels of what sounds are told by window.sounded, each of `PEAK` samples.
{
  const { speed, seconds } = QUICK;
  const RATE_HZ = 48000;
  const PEAK = 240;
  const STEP_S = 0.128; // whole blocks of the clock of the sound
  const LEAST_S = 4; // of music; what cannot be read is skipped a little before
  const [realTimeout, realFetch] = [setTimeout.bind(window), fetch.bind(window)];
  const realNow = performance.now.bind(performance);
  const timers = new Map(); // number to {due_s, act, every_s}
  let [now_s, lastTimer, asked, sound] = [0, 0, 0, null];
  let waited_s = 0; // by which timers are ahead of the sound

  window.goal = 1;
  window.starves = false;
  window.clock = () => now_s;
  window.why = () => ({ now_s, goal: window.goal, asked, ahead_s: window.player?.ahead_s });

  const isPoor = () => {
    const { player } = window;
    if (!player?.is_playing || player.is_paused) return false;
    return player.ahead_s < LEAST_S && player.position_s + player.ahead_s < player.mix.length_s - 0.2;
  };
  const stands = () =>
    now_s >= window.goal || now_s > (speed * (realNow() - begun_ms)) / 1000;
  const wants = () => !window.starves && (asked > 0 || isPoor());
  const timer_s = () => now_s + waited_s;

  const later = (act, ms = 0, every = false) => {
    timers.set((lastTimer += 1), { due_s: timer_s() + ms / 1000, act, every_s: every ? ms / 1000 : 0 });
    return lastTimer;
  };
  window.setTimeout = (act, ms, ...given) => later(() => act(...given), ms);
  window.setInterval = (act, ms, ...given) => later(() => act(...given), ms, true);
  window.clearTimeout = window.clearInterval = (number) => timers.delete(number);
  performance.now = () => 1000 * timer_s();
  window.fetch = async (url, options) => {
    const isCommand = `${url}`.includes("api/do/");
    asked += isCommand;
    try {
      return await realFetch(url, options);
    } finally {
      asked -= isCommand;
    }
  };

  const fire = () => {
    for (const [number, timer] of timers) {
      if (timer.due_s > timer_s()) continue;
      if (timer.every_s) timer.due_s = Math.max(timer.due_s + timer.every_s, timer_s());
      else timers.delete(number);
      timer.act();
    }
  };
  const rest = (ms = 0) => new Promise((done) => realTimeout(done, ms));

  const begun_ms = realNow();
  (async () => {
    for (;;) {
      await rest();
      while (stands() || wants()) {
        const since_ms = realNow();
        await rest(5);
        if (!wants()) continue;
        waited_s += (realNow() - since_ms) / 1000;
        fire();
      }
      if (sound) await sound.step();
      now_s += STEP_S;
      fire();
    }
  })();

  const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
    peaks = []; peak = 0; count = 0;
    process([[...channels]]) {
      for (let n = 0; n < 128; n += 1) {
        for (const plane of channels) this.peak = Math.max(this.peak, Math.abs(plane[n]));
        if ((this.count += 1) % ${PEAK} === 0) { this.peaks.push(this.peak); this.peak = 0; }
      }
      if (this.peaks.length >= 60) {
        this.port.postMessage({ end: currentFrame + 128 - (this.count % ${PEAK}), peaks: this.peaks });
        this.peaks = [];
      }
      return true;
    }
  })`;

  window.AudioContext = class extends OfflineAudioContext {
    #isRunning = false;
    #stopped = null;
    #steps = 0;

    constructor() {
      super(2, seconds * RATE_HZ, RATE_HZ);
    }
    get state() {
      return this.#isRunning ? "running" : "suspended";
    }
    get outputLatency() {
      return 0;
    }
    async resume() {
      this.#isRunning = true;
      sound = this;
    }
    async suspend() {
      this.#isRunning = false;
      sound = null;
    }
    async step() {
      if (this.#stopped) await this.#stopped;
      const next = super.suspend((this.#steps += 1) * STEP_S);
      if (this.#stopped) super.resume();
      else super.startRendering();
      this.#stopped = next;
      await next;
    }
  };

  // Where the player is, by the clock of the sound.
  const tell = (context, { end, peaks }) => {
    const { player } = window;
    window.sounded({
      page: performance.timeOrigin,
      end_s: end / RATE_HZ,
      offset_s: player.position_s - context.currentTime,
      peaks: peaks.map((peak) => Math.round(1e4 * peak) / 1e4),
    });
  };

  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    const { context } = this;
    if (target === context.destination && !this.isTap) {
      const script = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
      context.audioWorklet.addModule(script).then(() => {
        const tap = new AudioWorkletNode(context, "tap");
        const still = context.createGain();
        still.isTap = true;
        still.gain.value = 0;
        connect.call(this, tap).connect(still).connect(context.destination);
        tap.port.onmessage = ({ data }) => tell(context, data);
      });
    }
    return connect.call(this, target, ...rest);
  };

  import("./static/player.js").then(({ Player }) => {
    const play = Player.prototype.play;
    Player.prototype.play = function (...given) {
      window.player = this;
      return play.apply(this, given);
    };
  });
}

// A mix laid on the clock of an audio context, from one of its places on. All counts are samples:
// `at` of the clock, `first` and `filled` of the mix; clock = mix + `offset`.

import { RATE_HZ } from "./pcm.js";

export const FADE = 0.05 * RATE_HZ;
const ENDING = 0.5 * RATE_HZ; // fade where it is to end before the mix does

export class Lane {
  #context;
  #rise;
  #fall;
  #nodes = new Set();

  constructor(context, output, { mix, first, at, until, rises }) {
    this.mix = mix;
    this.at = at;
    this.offset = at - first;
    this.filled = first;
    this.chunk = 2 * RATE_HZ; // samples that are asked for next
    this.until = until; // where it is to end, before the mix does
    this.ending = ENDING; // the length of its last fade, if it does
    this.length = Infinity; // of the mix, until the server says it
    this.#context = context;
    this.#rise = context.createGain();
    this.#fall = context.createGain();
    this.#rise.connect(this.#fall).connect(output);
    if (rises) {
      this.#rise.gain.value = 0;
      this.#rise.gain.setValueAtTime(0, at / RATE_HZ);
      this.#rise.gain.linearRampToValueAtTime(1, (at + FADE) / RATE_HZ);
    }
  }

  get last() {
    return Math.min(this.length, this.until);
  }

  get isComplete() {
    return this.filled >= this.last;
  }

  // The sample of the clock behind what is there.
  get end() {
    return this.filled + this.offset;
  }

  // The sample of the clock by which more is to be there: where it begins, or where its end fades.
  get #due() {
    return this.end > this.at ? this.end - FADE : this.at;
  }

  get #isLate() {
    return this.#context.currentTime * RATE_HZ >= this.#due;
  }

  // Lay the samples that come next, and return whether they are in time. Where the page stood still
  // and they are not, nothing changes: a node that starts late sounds from its first sample on, out
  // of place and together with the next one. The end of what is there fades, until more comes.
  add(planes, length) {
    this.length = length;
    const count = Math.min(planes[0].length, this.last - this.filled);
    const node = count > 0 ? this.#node(planes, count) : null;
    if (this.#isLate || (node && !this.#begin(node))) return false;
    if (!this.isComplete) this.#fadeUntil(this.end, FADE);
    else if (this.last < length) this.#fadeUntil(this.end, this.ending);
    else this.#fall.gain.cancelScheduledValues(0);
    return true;
  }

  #node(planes, count) {
    const buffer = this.#context.createBuffer(2, count, RATE_HZ);
    planes.forEach((plane, channel) => buffer.copyToChannel(plane.subarray(0, count), channel));
    const node = this.#context.createBufferSource();
    node.buffer = buffer;
    node.begins = this.end;
    node.onended = () => this.#release(node);
    return node;
  }

  #begin(node) {
    node.connect(this.#rise);
    node.start(node.begins / RATE_HZ);
    this.#nodes.add(node);
    if (this.#isLate) {
      this.#release(node);
      return false;
    }
    this.filled += node.buffer.length;
    return true;
  }

  // Fade to silence until a sample of the clock, and forget what lies behind it.
  close(end, fade = FADE) {
    this.until = Math.min(this.until, end - this.offset);
    this.ending = fade;
    if (this.end >= end) this.#fadeUntil(end, fade);
    else this.#fadeTowards(end, fade);
    for (const node of this.#nodes) {
      if (node.begins < end) node.stop(end / RATE_HZ);
      else this.#release(node);
    }
    this.filled = Math.min(this.filled, this.until);
  }

  #fadeUntil(end, fade) {
    const { gain } = this.#fall;
    gain.cancelScheduledValues(0);
    gain.setValueAtTime(1, Math.max(0, end - fade) / RATE_HZ);
    gain.linearRampToValueAtTime(0, end / RATE_HZ);
  }

  // As far on the way to silence as it gets before what is there ends.
  #fadeTowards(end, fade) {
    const last = this.end - FADE;
    if (last <= end - fade) return;
    const { gain } = this.#fall;
    gain.cancelScheduledValues(0);
    gain.setValueAtTime(1, Math.max(0, end - fade) / RATE_HZ);
    gain.linearRampToValueAtTime((end - last) / fade, last / RATE_HZ);
    gain.linearRampToValueAtTime(0, this.end / RATE_HZ);
  }

  #release(node) {
    node.onended = null;
    node.disconnect();
    this.#nodes.delete(node);
    if (!this.#nodes.size && this.isComplete) this.#fall.disconnect();
  }

  drop() {
    for (const node of this.#nodes) this.#release(node);
    this.#fall.disconnect();
  }
}

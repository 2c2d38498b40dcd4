// The library as a picture: a dot a track, energy to the right, tension upward, those of the session
// in their own colour. What it shows stands in the list below it too, which keys reach.

import { ask } from "./api.js";
import { html, write } from "./dom.js";
import { text } from "./texts.js";

const HEIGHT = 240;
const LOW = 76; // where no tension is known
const EDGE = 26;
const UNKNOWN = 22; // of the strip for tracks whose tension is not known
const NEAR = 14; // pixels from a dot to what points at it

// "hear" {id, title}: a dot was pressed
export class MusicMap extends EventTarget {
  #canvas = html("canvas", { role: "img" });
  #tip = html("p", { class: "faint tip", "aria-hidden": "true" });
  #music = null; // columns of the library
  #of = null; // how many tracks the library held, and the version, when it was read
  #session = new Set();
  #lit = null;
  #heard = null;
  #height = HEIGHT;

  constructor() {
    super();
    this.element = html("figure", { class: "map" }, this.#canvas, this.#tip);
    new ResizeObserver(() => this.#draw()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#canvas.onpointermove = (event) => {
      const place = this.#near(event);
      this.#canvas.style.cursor = place === null ? "default" : "pointer";
      write(this.#tip, place === null ? text("map_help") : this.#music.titles[place]);
    };
    this.#canvas.onclick = (event) => {
      const place = this.#near(event);
      if (place === null) return;
      const detail = { id: this.#music.ids[place], title: this.#music.titles[place] };
      this.dispatchEvent(new CustomEvent("hear", { detail }));
    };
    write(this.#tip, text("map_help"));
  }

  async show(state) {
    this.#session = new Set((state.session?.slots ?? []).map((slot) => slot.id));
    if (this.#of !== state.library.tracks) {
      this.#of = state.library.tracks;
      this.#music = await ask("music");
      this.#height = this.#music.tension.some((tension) => tension !== null) ? HEIGHT : LOW;
    }
    this.#draw();
  }

  // Show only these tracks plainly, by identity; null for all.
  light(ids) {
    this.#lit = ids && new Set(ids);
    this.#draw();
  }

  hears(id) {
    this.#heard = id;
    this.#draw();
  }

  #at(place) {
    const wide = this.#canvas.clientWidth - EDGE - 8;
    const x = EDGE + this.#music.energy[place] * wide;
    const tension = this.#music.tension[place];
    const foot = this.#height - EDGE - UNKNOWN;
    return [x, tension === null ? foot + UNKNOWN - 8 : foot - tension * (foot - 8)];
  }

  #near(event) {
    if (!this.#music) return null;
    const box = this.#canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = NEAR ** 2;
    for (let place = 0; place < this.#music.ids.length; place += 1) {
      const [left, top] = this.#at(place);
      const off = (left - x) ** 2 + (top - y) ** 2;
      if (off < least && (!this.#lit || this.#lit.has(this.#music.ids[place]))) [best, least] = [place, off];
    }
    return best;
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!width || !this.#music) return;
    const sharp = window.devicePixelRatio || 1;
    Object.assign(this.#canvas, { width: width * sharp, height: this.#height * sharp });
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${this.#height}px`;
    const pen = this.#canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const style = getComputedStyle(this.element);
    const colour = (name) => style.getPropertyValue(name);
    this.#axes(pen, width, colour, style.fontFamily);
    const own = [];
    this.#music.ids.forEach((id, place) => {
      if (this.#session.has(id) || id === this.#heard) own.push(place);
      else {
        const [radius, alpha] = !this.#lit ? [2.5, 0.75] : this.#lit.has(id) ? [3.5, 1] : [2, 0.15];
        dot(pen, this.#at(place), radius, colour("--dot"), alpha);
      }
    });
    for (const place of own) {
      const isHeard = this.#music.ids[place] === this.#heard;
      dot(pen, this.#at(place), isHeard ? 7 : 5, colour(isHeard ? "--warn" : "--accent"), 1);
    }
    const values = { count: this.#music.ids.length, own: this.#session.size };
    this.#canvas.setAttribute("aria-label", text("map_in_words", values));
  }

  #axes(pen, width, colour, font) {
    const foot = this.#height - EDGE;
    pen.globalAlpha = 1;
    pen.strokeStyle = colour("--rule");
    pen.beginPath();
    pen.moveTo(EDGE, 4);
    pen.lineTo(EDGE, foot);
    pen.lineTo(width - 4, foot);
    pen.stroke();
    pen.fillStyle = colour("--faint");
    pen.font = `12px ${font}`;
    pen.fillText(text("map_energy"), EDGE, this.#height - 8);
    if (this.#height === LOW) return;
    pen.save();
    pen.translate(14, foot);
    pen.rotate(-Math.PI / 2);
    pen.fillText(text("map_tension"), 0, 0);
    pen.restore();
  }
}

function dot(pen, [x, y], radius, colour, alpha) {
  pen.globalAlpha = alpha;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

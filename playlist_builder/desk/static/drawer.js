// What opens below a track: what could take its place, and what only a person knows of it.

import { ask, change, current } from "./api.js";
import { html, set } from "./dom.js";
import { hearing, playing, track as play } from "./hear.js";
import { say, tried } from "./say.js";
import { clock, text } from "./texts.js";

const VOICES = ["", "none", "wordless", "sung", "spoken"];

// At most one is open. "took" {place}: another track was taken for a place.
export class Drawer extends EventTarget {
  #open = null; // {line, id, kind, place}

  constructor() {
    super();
    hearing.addEventListener("change", () => this.#refresh());
  }

  toggle(line, slot, kind) {
    const isOpen = this.#open?.line === line && this.#open.kind === kind;
    this.close();
    if (isOpen) return;
    this.#open = { line, id: slot.id, kind, place: slot.place };
    const drawer = line.querySelector(".drawer");
    set(line.querySelector(`.${kind}`), "aria-expanded", "true");
    drawer.hidden = false;
    drawer.onkeydown = (event) => event.key === "Escape" && this.#leave(event);
    drawer.replaceChildren(html("p", { class: "faint" }, text("looking")));
    if (kind === "swap") this.#swap(drawer, slot);
    else this.#more(drawer, slot);
  }

  // Close it, and go back to the button that opened it.
  #leave(event) {
    event.stopPropagation();
    const { line, kind } = this.#open;
    this.close();
    line.querySelector(`.${kind}`).focus();
  }

  close() {
    if (!this.#open) return;
    const { line, kind } = this.#open;
    set(line.querySelector(`.${kind}`), "aria-expanded", "false");
    line.querySelector(".drawer").hidden = true;
    line.querySelector(".drawer").replaceChildren();
    this.#open = null;
  }

  // The session has changed: candidates for a place where the track plays no more are of no use.
  follow(slots) {
    if (!this.#open) return;
    const slot = slots.find((each) => each.id === this.#open.id);
    if (!slot || (this.#open.kind === "swap" && slot.place !== this.#open.place)) this.close();
  }

  #refresh() {
    for (const button of this.#open?.line.querySelectorAll(".drawer [data-hears]") ?? []) {
      set(button, "aria-pressed", String(playing() === button.dataset.hears));
    }
  }

  async #swap(drawer, slot) {
    const found = await tried(ask("candidates", { place: slot.place }));
    if (!Array.isArray(found) || this.#open?.id !== slot.id) return this.close();
    if (!found.length) return drawer.replaceChildren(html("p", {}, text("no_candidate")));
    drawer.replaceChildren(
      html("h4", {}, text("candidates_of", { title: slot.title })),
      html("ul", { class: "candidates" }, ...found.map((each) => this.#candidate(each, slot))),
    );
    return drawer.querySelector("button")?.focus({ preventScroll: true });
  }

  #candidate(each, slot) {
    const named = { title: each.title };
    return html(
      "li",
      {},
      html("button", { class: "play", "data-hears": each.id, "aria-pressed": "false", "aria-label": text("play_of", named), onclick: () => play(each) }, text("play")),
      html("div", { class: "what" },
        html("b", {}, each.title),
        html("span", { class: "faint" }, [each.artist, clock(each.duration_s)].filter(Boolean).join(text("between_facts"))),
        html("span", { class: "differs" }, each.differs.join(text("comma"))),
        each.stands_out.length ? html("span", { class: "warns" }, text("stands_out", { why: each.stands_out.join(text("comma")) })) : null,
      ),
      html("button", { class: each.is_choice ? "main" : "", "aria-label": text("take_of", named), onclick: () => this.#take(each, slot) }, text(each.is_choice ? "take_best" : "take")),
    );
  }

  async #take(each, slot) {
    const place = current().session.slots.find((own) => own.id === slot.id)?.place ?? slot.place;
    if (!(await tried(change("swap", { place, track: each.id })))) return;
    this.close();
    this.dispatchEvent(new CustomEvent("took", { detail: { place } }));
  }

  async #more(drawer, slot) {
    const found = await tried(ask("track", { track: slot.id }));
    if (!found?.mark || this.#open?.id !== slot.id) return this.close();
    drawer.replaceChildren(marking(found));
    return drawer.querySelector("input, select")?.focus({ preventScroll: true });
  }
}

// A form for what only a person knows of a track. What it says holds for every session.
export function marking(track) {
  const { mark } = track;
  const id = (name) => `${name}-${track.id}`;
  const energy = html("input", { ...{ id: id("energy"), type: "number", min: 0, max: 1, step: 0.05 }, placeholder: track.energy.toFixed(2), value: mark.energy ?? "" });
  const voice = html("select", { id: id("voice") },
    ...VOICES.map((kind) => html("option", { value: kind, selected: (mark.vocals ?? "") === kind }, text(kind ? `voice_${kind}` : "as_heard"))),
  );
  const note = html("input", { id: id("note"), type: "text", maxlength: 200, value: mark.note });
  const person = current().session?.person;
  const named = { title: track.title, person };
  const done = async (command, given, said) => {
    if (await tried(change(command, { track: track.id, ...given }))) say(text(said, named));
  };
  const save = (given, said) => done("mark", given, said);
  const values = () => ({ energy: energy.value === "" ? null : energy.valueAsNumber, vocals: voice.value || null, note: note.value });
  const field = (input, name) => html("div", { class: "field" }, html("label", { for: input.id }, text(name)), input);
  return html(
    "form",
    {
      class: "marks",
      onsubmit: (event) => {
        event.preventDefault();
        save(values(), "marked");
      },
    },
    field(energy, "mark_energy"),
    field(voice, "mark_voice"),
    field(note, "mark_note"),
    html("div", { class: "row" },
      html("button", { class: "main" }, text("save")),
      person ? html("button", { type: "button", class: "ban-for", onclick: () => done("ban_for", { banned: !track.banned_for }, track.banned_for ? "used_again_for" : "banned_for") }, text(track.banned_for ? "use_again_for" : "ban_for", named)) : null,
      html("button", { type: "button", class: "ban", onclick: () => save({ banned: !mark.banned }, mark.banned ? "used_again" : "banned") }, text(mark.banned ? "use_again" : "ban")),
    ),
    html("p", { class: "faint" }, text("mark_help")),
  );
}

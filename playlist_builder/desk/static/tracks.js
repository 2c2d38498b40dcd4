// The tracks of the session in their order, and what can be done with each.

import { change, current, desk } from "./api.js";
import { html, keyed, set, write } from "./dom.js";
import { Drawer } from "./drawer.js";
import { hearing, join, playing, track as play } from "./hear.js";
import { say, tried } from "./say.js";
import { clock, text } from "./texts.js";

export function tracks() {
  const list = html("ol", { class: "tracks" });
  const element = html("section", { class: "list", "aria-labelledby": "tracks-title" },
    html("h2", { id: "tracks-title" }, text("tracks")),
    html("p", { id: "move-help", class: "unseen" }, text("move_help")),
    list,
  );
  const drawer = new Drawer();
  let version = null;
  let selected = null; // identity of the track that was touched last

  function show(state) {
    const { slots } = state.session;
    const isNew = version !== null && version !== state.version;
    version = state.version;
    const fresh = new Set([...(state.difference.came ?? []), ...(state.difference.moved ?? [])]);
    keyed(list, slots, (slot) => slot.id, (slot) => row(slot.id), (line, slot, place) => {
      fill(line, slot, slots, place, state.session.silences);
      if (isNew) glow(line, fresh.has(slot.id));
    });
    drawer.follow(slots);
    refreshHearing();
  }

  function refreshHearing() {
    for (const button of list.querySelectorAll("[data-hears]")) {
      set(button, "aria-pressed", String(playing() === button.dataset.hears));
    }
  }
  hearing.addEventListener("change", refreshHearing);

  const slotOf = (id) => current().session.slots.find((slot) => slot.id === id);

  function row(id) {
    const button = (kind, label, onclick) => html("button", { class: kind, onclick }, label);
    const place = () => slotOf(id).place;
    const line = html(
      "li",
      { class: "track", id: `track-${id}` },
      html("h3", { class: "phase" }),
      html(
        "div",
        { class: "line" },
        button("grip", "", () => null),
        html("span", { class: "place" }),
        html("span", { class: "when" }),
        html("div", { class: "what" }, html("b"), html("span", { class: "faint artist" }), html("span", { class: "badge" })),
        html("div", { class: "listen" },
          html("button", { class: "play", "data-hears": id, onclick: () => play(slotOf(id)) }, text("play")),
          html("button", { class: "join plain", "data-hears": `join-${id}`, onclick: () => join(current().session.slots, place()) }, text("join")),
        ),
        html("div", { class: "actions" },
          html("button", { class: "swap", "aria-expanded": "false", onclick: () => drawer.toggle(line, slotOf(id), "swap") }, text("swap")),
          html("button", { class: "pin", "aria-pressed": "false", onclick: () => tried(change(slotOf(id).pinned ? "unpin" : "pin", { place: place() })) }, text("pin")),
          html("button", { class: "drop", onclick: () => drop(id) }, text("drop")),
          html("button", { class: "more", "aria-expanded": "false", onclick: () => drawer.toggle(line, slotOf(id), "more") }, text("more")),
        ),
      ),
      html("div", { class: "drawer", hidden: true }),
      html("p", { class: "silence" }),
    );
    movable(line, id);
    line.addEventListener("focusin", () => (selected = id));
    return line;
  }

  // The track behind the one that goes takes over the focus.
  async function drop(id) {
    const { place } = slotOf(id);
    if (await tried(change("drop", { place }))) focusPlace(place, ".drop");
  }

  function focusPlace(place, what) {
    const { slots } = current().session;
    const slot = slots[Math.min(place, slots.length) - 1];
    const button = slot && document.getElementById(`track-${slot.id}`)?.querySelector(what);
    if (!list.contains(document.activeElement)) button?.focus({ preventScroll: true });
  }
  drawer.addEventListener("took", ({ detail }) => focusPlace(detail.place, ".swap"));

  function movable(line, id) {
    const grip = line.querySelector(".grip");
    set(grip, "aria-describedby", "move-help");
    let target = null;

    grip.onkeydown = (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(id, slotOf(id).place + by);
    };
    grip.onpointerdown = (event) => {
      if (event.button) return;
      grip.setPointerCapture(event.pointerId);
      line.classList.add("lifted");
      target = null;
    };
    grip.onpointermove = (event) => {
      if (!line.classList.contains("lifted")) return;
      target = placeAt(event.clientY);
      mark(target, slotOf(id).place);
    };
    grip.onpointerup = grip.onpointercancel = (event) => {
      if (!line.classList.contains("lifted")) return;
      line.classList.remove("lifted");
      mark(null);
      const { place } = slotOf(id);
      if (event.type === "pointerup" && target !== null && target !== place) move(id, target);
    };
  }

  const own = () => current().session.slots.filter((slot) => !slot.tail);

  function placeAt(y) {
    const rows = own().map((slot) => document.getElementById(`track-${slot.id}`).getBoundingClientRect());
    const found = rows.findIndex((box) => y < box.bottom);
    return found < 0 ? rows.length : found + 1;
  }

  function mark(target, place) {
    [...list.children].forEach((each, number) => {
      each.classList.toggle("lands-before", target === number + 1 && target < place);
      each.classList.toggle("lands-behind", target === number + 1 && target > place);
    });
  }

  async function move(id, to) {
    const { place } = slotOf(id);
    if (to < 1 || to > own().length) return say(text("cannot_move"));
    return tried(change("move", { place, to }));
  }

  function go(id) {
    const line = document.getElementById(`track-${id}`);
    if (!line) return;
    line.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    line.querySelector(".play").focus({ preventScroll: true });
  }

  return { element, show, go, selected: () => selected && slotOf(selected) };
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Let a row glow once.
function glow(line, isNew) {
  line.classList.remove("new");
  if (!isNew) return;
  void line.offsetWidth; // begins the animation again
  line.classList.add("new");
}

function fill(line, slot, slots, place, silences) {
  const before = slots[place - 1];
  const phase = line.querySelector(".phase");
  const name = slot.tail ? text("tail") : slot.phase;
  const isFirst = !before || before.tail !== slot.tail || before.phase !== slot.phase;
  phase.hidden = !isFirst;
  write(phase, isFirst ? name : "");
  line.classList.toggle("tail", slot.tail);
  const at = (kind) => line.querySelector(kind);
  write(at(".place"), String(slot.place));
  write(at(".when"), clock(slot.start_s));
  write(at(".what b"), slot.title);
  write(at(".artist"), [slot.artist, clock(slot.end_s - slot.start_s)].filter(Boolean).join(text("between_facts")));
  const badges = [slot.pinned && text("pinned"), slot.vocals !== "none" && slot.vocals !== "unknown" && text(`voice_${slot.vocals}`), slot.note];
  write(at(".badge"), badges.filter(Boolean).join(text("between_facts")));
  at(".actions").hidden = slot.tail;
  at(".grip").hidden = slot.tail;
  at(".join").hidden = !before;
  set(at(".pin"), "aria-pressed", String(Boolean(slot.pinned)));
  const named = { title: slot.title, place: slot.place };
  for (const kind of ["grip", "play", "join", "swap", "pin", "drop", "more"]) set(at(`.${kind}`), "aria-label", text(`${kind}_of`, named));
  const silence = silences.find((each) => Math.abs(each.start_s - slot.end_s) < 1);
  at(".silence").hidden = !silence;
  write(at(".silence"), silence ? text("silence_of", { length: clock(silence.end_s - silence.start_s) }) : "");
}

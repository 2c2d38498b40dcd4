// The music of the library: found by a query, and on a map of energy and tension.

import { ask, change, current } from "./api.js";
import { html, keyed, set, write } from "./dom.js";
import { marking } from "./drawer.js";
import { hearing, playing, track as play } from "./hear.js";
import { MusicMap } from "./map.js";
import { say, tried } from "./say.js";
import { scanning } from "./setup.js";
import { clock, text } from "./texts.js";

const PATIENCE_MS = 250; // of typing

export function finding({ insertBehind, go }) {
  const query = html("input", { id: "query", type: "search", autocomplete: "off", spellcheck: "false", "aria-describedby": "query-help", oninput: () => soon() });
  const behind = html("select", { id: "behind" });
  const count = html("p", { class: "count", role: "status" });
  const list = html("ul", { class: "found" });
  const map = new MusicMap();
  const scan = scanning();
  const element = html(
    "div",
    { class: "find" },
    html("label", { for: "query" }, text("search")),
    query,
    html("p", { id: "query-help", class: "faint" }, text("search_help")),
    map.element,
    count,
    html("div", { class: "field into" }, html("label", { for: "behind" }, text("insert_behind")), behind),
    list,
    html("details", {}, html("summary", {}, text("add_music")), scan.element),
  );
  let timer = null;
  let shown = null;

  map.addEventListener("hear", ({ detail }) => play(detail));
  hearing.addEventListener("change", refresh);
  behind.onchange = () => (behind.dataset.chosen = "1");

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(search, PATIENCE_MS);
  }

  async function search() {
    const asked = query.value;
    const found = await tried(ask("search", { query: asked }));
    if (!found?.tracks || asked !== query.value) return;
    const values = { count: found.total, shown: found.tracks.length };
    const name = found.total > found.tracks.length ? "found_more" : (["found_none", "found_one"][found.total] ?? "found");
    write(count, text(name, values));
    keyed(list, found.tracks, (each) => each.id, (each) => line(each), fill);
    map.light(found.ids);
    refresh();
  }

  function line(each) {
    const own = html(
      "li",
      {},
      html("button", { class: "play", "data-hears": each.id }, text("play")),
      html("div", { class: "what" }, html("b"), html("span", { class: "faint" })),
      html("button", { class: "insert" }, text("insert")),
      html("button", { class: "more", "aria-expanded": "false" }, text("more")),
      html("div", { class: "drawer", hidden: true }),
    );
    return own;
  }

  function fill(own, each) {
    const at = (kind) => own.querySelector(kind);
    write(at("b"), each.title);
    const levels = each.tension === null
      ? text("level_alone", { energy: each.energy.toFixed(2) })
      : text("levels", { energy: each.energy.toFixed(2), tension: each.tension.toFixed(2) });
    const facts = [each.artist, clock(each.duration_s), levels, each.mark.banned && text("is_banned"), each.banned_for && text("is_banned_for", { person: current().session.person }), each.mark.note];
    write(at(".what span"), facts.filter(Boolean).join(text("between_facts")));
    const inSession = current().session?.slots.find((slot) => slot.id === each.id && !slot.tail);
    at(".insert").hidden = !current().session || Boolean(inSession) || each.mark.banned || each.banned_for;
    at(".play").onclick = () => play(each);
    at(".insert").onclick = () => insert(each);
    at(".more").onclick = () => {
      const drawer = at(".drawer");
      drawer.hidden = !drawer.hidden;
      set(at(".more"), "aria-expanded", String(!drawer.hidden));
      drawer.replaceChildren(...(drawer.hidden ? [] : [marking(each)]));
    };
    for (const kind of ["play", "insert", "more"]) set(at(`.${kind}`), "aria-label", text(`${kind}_of`, { title: each.title }));
  }

  async function insert(each) {
    if (await tried(change("insert", { track: each.id, at: Number(behind.value) + 1 }))) go(each.id);
  }

  function refresh() {
    for (const button of list.querySelectorAll("[data-hears]")) {
      set(button, "aria-pressed", String(playing() === button.dataset.hears));
    }
    map.hears(playing());
  }

  function show(state) {
    scan.show(state);
    const slots = (state.session?.slots ?? []).filter((slot) => !slot.tail);
    element.querySelector(".into").hidden = !slots.length;
    const last = behind.dataset.chosen ? behind.value : String(insertBehind()?.place ?? slots.length);
    behind.replaceChildren(
      html("option", { value: 0 }, text("at_beginning")),
      ...slots.map((slot) => html("option", { value: slot.place }, `${slot.place}. ${slot.title}`)),
    );
    behind.value = Number(last) <= slots.length ? last : String(slots.length);
    map.show(state);
    const kind = [state.version, state.library.tracks].join();
    if (shown !== kind) search();
    shown = kind;
  }
  return { element, show };
}

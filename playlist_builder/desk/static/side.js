// Beside the tracks: what to know of the session, other sessions, and the music of the library.

import { ask, change, current } from "./api.js";
import { Curve } from "./curve.js";
import { html, keyed, set, write } from "./dom.js";
import { finding } from "./find.js";
import { tried } from "./say.js";
import { clock, text } from "./texts.js";

// "go" {id}: to a track of the session
export function side({ insertBehind }) {
  const events = new EventTarget();
  const go = (id) => events.dispatchEvent(new CustomEvent("go", { detail: { id } }));
  const known = knowing(go);
  const others = alternatives();
  const music = finding({ insertBehind, go });
  const panels = [
    panel("others_title", others),
    panel("music_title", music),
  ];
  const links = html("p", { class: "links" },
    html("a", { href: "report", target: "_blank", rel: "noopener" }, text("report")),
    html("a", { class: "playlist", href: "playlist.m3u8", download: "" }),
  );
  const element = html("aside", { class: "side", "aria-label": text("beside") }, known.element, ...panels.map((each) => each.element), links);

  function show(state) {
    known.element.hidden = links.hidden = panels[0].element.hidden = !state.session;
    if (state.session) {
      known.show(state.session);
      write(links.querySelector(".playlist"), text(state.session.levelled ? "download_levelled" : "download"));
    }
    for (const each of panels) each.show(state);
  }
  return Object.assign(events, { element, show });
}

// A panel that opens and closes by its heading; what it shows is asked for when it is open.
function panel(name, content) {
  const details = html("details", { class: "panel" }, html("summary", {}, html("h2", {}, text(name))), content.element);
  let state = null;
  details.addEventListener("toggle", () => details.open && state && content.show(state));
  return {
    element: details,
    show(next) {
      state = next;
      if (details.open) content.show(next);
    },
  };
}

function knowing(go) {
  const list = html("ol", { class: "concerns" });
  const none = html("p", { class: "faint" }, text("nothing_stands_out"));
  const notes = html("ul", { class: "faint" });
  const all = html("details", {}, html("summary", {}, text("all_notes")), notes);
  const element = html("section", { class: "know", "aria-labelledby": "know" }, html("h2", { id: "know" }, text("to_know")), list, none, all);

  function show(session) {
    none.hidden = session.concerns.length > 0;
    all.hidden = !session.notes.length;
    keyed(list, session.concerns, (each, place) => place, () => html("li", {}, html("span", { class: "said" }), html("button", { class: "plain at" })), (line, each) => {
      line.classList.toggle("felt", each.felt);
      write(line.firstChild, each.text);
      const at = line.lastChild;
      at.hidden = each.place === null;
      if (each.place === null) return;
      const slot = session.slots[each.place - 1];
      write(at, clock(each.at_s));
      set(at, "aria-label", text("go_to", { title: slot.title, time: clock(each.at_s) }));
      at.onclick = () => go(slot.id);
    });
    notes.replaceChildren(...session.notes.map((each) => html("li", {}, each)));
  }
  return { element, show };
}

// Three sessions beside each other; the first is that of now. They are looked for when the panel is
// opened, and when it is asked for: it takes a while, in which nothing else is arranged.
function alternatives() {
  const list = html("ul", { class: "alternatives" });
  const wait = html("p", { class: "faint", hidden: true }, text("looking"));
  const again = html("button", { hidden: true, onclick: () => look() }, text("look_again"));
  const element = html("div", {}, html("p", { class: "faint" }, text("others_help")), wait, list, again);
  let isKnown = false;

  async function look() {
    isKnown = true;
    wait.hidden = false;
    again.hidden = true;
    const found = await tried(ask("alternatives"));
    wait.hidden = true;
    again.hidden = false;
    if (Array.isArray(found)) list.replaceChildren(...found.map(other));
  }

  function show() {
    if (!isKnown) look();
  }

  async function take(number) {
    if (!(await tried(change("take", { number })))) return;
    isKnown = false;
    element.closest("details").open = false;
    element.closest("details").firstChild.focus();
  }

  function other(each, number) {
    const curve = new Curve({ height: () => 84, small: true });
    curve.show(each);
    const own = each.slots.filter((slot) => !slot.tail).length;
    const about = number
      ? text("other_about", { count: own, shared: each.shared, off: each.rms_error.toFixed(2) })
      : text("other_now", { count: own, off: each.rms_error.toFixed(2) });
    const take = number
      ? html("button", { onclick: () => take(each.number), "aria-label": text("take_other_of", { number: number + 1 }) }, text("take"))
      : html("span", { class: "faint" }, text("on_desk"));
    return html("li", {}, curve.element, html("p", {}, about), take);
  }
  return { element, show };
}

// The first start: where the music is, how the scan goes on, and what session is to come of it.

import { ask, change, current, desk, refresh } from "./api.js";
import { html, write } from "./dom.js";
import { chosen, picker } from "./pick.js";
import { say, tried } from "./say.js";
import { clock, text } from "./texts.js";

let shown = null;
let forms = 0;
let asked = ""; // the folder that was asked for: it is offered again

export function setup(view, state) {
  if (!view.firstChild) {
    shown = made();
    view.append(shown.element);
    desk.addEventListener("scan", ({ detail }) => goOn(detail));
  }
  shown.scan.show(state);
}

// Once all is read, the session that was chosen meanwhile.
async function goOn(scan) {
  if (!scan.is_over || current().session || !shown.element.isConnected) return;
  if (scan.error) return say(scan.error, { warns: true });
  if (wasStopped(scan)) return;
  await refresh();
  if (!current().library.tracks) return;
  await tried(change("build", { version: null, ...chosen(shown.pick) }));
}

function made() {
  const scan = scanning();
  const pick = picker();
  const element = html(
    "div",
    { class: "setup" },
    html("h1", {}, text("setup_title")),
    html("p", {}, text("setup_what")),
    scan.element,
    html("section", {}, html("h2", {}, text("setup_session")), pick.element),
  );
  return { element, scan, pick };
}

// A form that asks for a folder, and shows how the scan of it goes on.
export function scanning() {
  const id = `folder-${(forms += 1)}`;
  const folder = html("input", {
    ...{ id, class: "folder", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off" },
    ...{ "aria-describedby": `${id}-help`, placeholder: "~/Music", required: true, value: asked },
  });
  const begin = html("button", { class: "main" }, text("scan"));
  const bar = html("progress", { max: 1, value: 0, "aria-label": text("scan_progress") });
  const count = html("p", { class: "count" });
  const file = html("p", { class: "faint file" });
  const stop = html("button", { type: "button", onclick: () => tried(ask("stop_scan")) }, text("scan_stop"));
  const progress = html("div", { class: "progress", hidden: true }, bar, count, file, stop);
  const unusable = html("ul", { class: "faint" });
  const form = html(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        asked = folder.value;
        tried(ask("scan", { folder: asked }));
      },
    },
    html("label", { for: id }, text("folder")),
    html("div", { class: "row" }, folder, begin),
    html("p", { id: `${id}-help`, class: "faint" }, text("folder_help")),
  );
  const waiting = html("p", { class: "waiting", hidden: true });
  let ran = false;
  let turn = 0;

  function show({ scan, library }) {
    waiting.hidden = !library.waiting;
    write(waiting, library.waiting ? text("waiting", { count: library.waiting }) : "");
    follow(scan);
  }

  function follow(scan) {
    if (scan && scan.turn < turn) return; // an answer that was overtaken
    turn = scan?.turn ?? turn;
    const runs = Boolean(scan) && !scan.is_over;
    progress.hidden = !runs;
    form.hidden = runs;
    if (!scan) return;
    if (runs) {
      ran = true;
      bar.value = scan.share ?? 0;
      write(count, counted(scan));
      write(file, scan.file ?? "");
      stop.disabled = Boolean(scan.is_stopping);
      write(stop, text(scan.is_stopping ? "scan_stopping" : "scan_stop"));
      return;
    }
    unusable.replaceChildren(
      ...(scan.unusable ?? []).map((each) => html("li", {}, `${each.file}: ${each.reason}`)),
    );
    if (ran && element.checkVisibility()) say(scan.error || ended(scan), { warns: Boolean(scan.error) });
    ran = false;
  }

  const element = html("section", { class: "scan" }, waiting, form, progress, unusable);
  desk.addEventListener("scan", ({ detail }) => follow(detail));
  return { element, show };
}

function counted(scan) {
  if (!scan.total) return text("scan_looking");
  const values = { done: scan.done, total: scan.total, time: clock(scan.left_s ?? 0) };
  return text(scan.left_s === null ? "scan_count" : "scan_left", values);
}

const wasStopped = (scan) => scan.new === undefined;

function ended(scan) {
  if (wasStopped(scan)) return text("scan_stopped");
  if (!scan.total) return text("scan_nothing", { folder: scan.folder });
  return text(scan.skipped ? "scan_ended_skipped" : "scan_ended", { count: scan.new, skipped: scan.skipped });
}

// The page: who holds the desk, what it has to say, and the view of the moment.

import { after } from "./after.js";
import { desk, listen, takeOver, tab } from "./api.js";
import { html } from "./dom.js";
import { prepare } from "./prepare.js";
import { leaveRun, prepareSound, run } from "./run.js";
import { say } from "./say.js";
import { setup } from "./setup.js";
import { text } from "./texts.js";

const elsewhere = document.getElementById("elsewhere");
const view = document.getElementById("view");

desk.addEventListener("holder", ({ detail }) => {
  const isElsewhere = Boolean(detail) && detail !== tab;
  elsewhere.hidden = !isElsewhere;
  view.inert = isElsewhere;
  if (isElsewhere) {
    elsewhere.replaceChildren(
      html("h1", {}, text("elsewhere")),
      html("button", { class: "main", onclick: takeOver }, text("take_over")),
    );
  }
});
desk.addEventListener("reach", ({ detail }) => say(detail ? "" : text("unreachable"), { warns: !detail }));
desk.addEventListener("stale", () => say(text("stale")));

// A view takes the element that it fills and the state; it stays while it is the same one.
function viewOf(state) {
  if (state.run) return run;
  if (state.after) return after;
  const isEmpty = !state.session && (!state.library.tracks || (state.scan && !state.scan.is_over));
  return isEmpty ? setup : prepare;
}

desk.addEventListener("state", ({ detail }) => {
  const show = viewOf(detail);
  const before = view.dataset.view;
  if (before !== show.name) {
    if (before === run.name) leaveRun();
    view.replaceChildren();
    view.dataset.view = show.name;
    document.body.classList.toggle("running", show === run);
    document.body.classList.toggle("quiet", show === run || show === after); // until it is left
  }
  show(view, detail);
  if (before && before !== show.name) announce();
});

// Another view is there, without what had the focus: reading begins at its heading.
function announce() {
  const heading = view.querySelector("h1");
  if (!heading || document.activeElement !== document.body) return;
  heading.tabIndex = -1;
  heading.focus();
}
localStorage.door = location.pathname; // for door.js
prepareSound();
listen();

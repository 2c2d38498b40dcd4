// What is left of a run: its record, to be read and taken along.

import { ask } from "./api.js";
import { html } from "./dom.js";
import { text } from "./texts.js";

const FORMS = [
  ["html", "after_report"],
  ["csv", "after_csv"],
  ["json", "after_json"],
];

export function after(view, state) {
  const number = String(state.after);
  if (view.firstChild?.dataset.number === number) return;
  const link = ([form, name]) =>
    html("li", {}, html("a", { href: `record/${number}.${form}`, download: form === "html" ? null : `record-${number}.${form}`, target: form === "html" ? "_blank" : null }, text(name)));
  const back = html("button", { class: "main", onclick: () => ask("leave_record") }, text("after_back"));
  const heading = html("h1", {}, text("after_title"));
  view.replaceChildren(
    html("section", { class: "after", "data-number": number }, heading, html("p", {}, text("after_what")), html("ul", {}, ...FORMS.map(link)), back),
  );
}

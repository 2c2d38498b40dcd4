// What a session is asked for by: a profile, its length, and for whom it is.

import { ask } from "./api.js";
import { html, set } from "./dom.js";
import { text } from "./texts.js";

let known = null; // {profiles, people, kept}
let last = null; // what was chosen without a session: it is offered again

// What can be chosen, asked for once; `again` where a session or person is new.
export async function choices({ again = false } = {}) {
  if (!known || again) known = await ask("choices");
  return known;
}

// The three fields; `changed(name, value)` is called for each that a person changes.
export function picker(changed = () => {}) {
  const profile = html("select", { id: "profile", onchange: () => pickedProfile() });
  const length = html("input", { id: "length", type: "number", min: 5, max: 1440, inputmode: "numeric" });
  const person = html("input", { id: "person", type: "text", maxlength: 100, list: "people", autocomplete: "off" });
  const people = html("datalist", { id: "people" });
  const about = html("p", { class: "faint about", id: "about" });
  set(profile, "aria-describedby", "about");
  length.onchange = () => length.reportValidity() && changed("duration_s", length.valueAsNumber * 60);
  person.onchange = () => changed("person", person.value.trim());

  function own() {
    return known?.profiles.find((each) => each.id === profile.value);
  }

  function pickedProfile() {
    about.textContent = own()?.summary ?? "";
    length.value = Math.round((own()?.duration_s ?? 3600) / 60);
    changed("profile", profile.value);
  }

  if (last) [profile.dataset.wanted, length.value, person.value] = [last.profile, last.duration_s ? last.duration_s / 60 : "", last.person];
  choices().then((found) => {
    const value = profile.dataset.wanted || found.profiles[0]?.id;
    profile.replaceChildren(...found.profiles.map((each) => html("option", { value: each.id }, each.title)));
    people.replaceChildren(...found.people.map((each) => html("option", { value: each })));
    if (value) profile.value = value;
    about.textContent = own()?.summary ?? "";
    if (!length.value) length.value = Math.round((own()?.duration_s ?? 3600) / 60);
  });

  // Show what the session has; a field that is being filled in is left alone.
  function show({ profile: id, target_s, person: name }) {
    profile.dataset.wanted = id;
    if (known && document.activeElement !== profile) profile.value = id;
    if (document.activeElement !== length) length.value = Math.round(target_s / 60);
    if (document.activeElement !== person) person.value = name;
    about.textContent = own()?.summary ?? "";
  }

  const field = (label, input, kind) =>
    html("div", { class: `field ${kind}` }, html("label", { for: input.id }, text(label)), input);
  const element = html(
    "div",
    { class: "pick" },
    html(
      "div",
      { class: "fields" },
      field("profile", profile, "of-profile"),
      field("length_min", length, "of-length"),
      field("person", person, "of-person"),
      people,
    ),
    about,
  );
  return { element, show, profile, length, person };
}

// What the fields of a picker say, as a command takes it.
export function chosen({ profile, length, person }) {
  const duration_s = length.checkValidity() ? length.valueAsNumber * 60 : null;
  last = { profile: profile.value, duration_s, person: person.value.trim() };
  return last;
}

// The page: who holds the desk, what it has to say, and the view of the moment.

import { desk, listen, takeOver, tab } from "./api.js";
import { text } from "./texts.js";
import { prepare } from "./prepare.js";

const elsewhere = document.getElementById("elsewhere");
const message = document.getElementById("message");

export function say(sentence) {
  message.textContent = sentence;
}

desk.addEventListener("holder", ({ detail }) => {
  elsewhere.hidden = !detail || detail === tab;
  const button = document.createElement("button");
  button.textContent = text("take_over");
  button.addEventListener("click", takeOver);
  elsewhere.replaceChildren(text("elsewhere"), " ", button);
});
desk.addEventListener("reach", ({ detail }) => say(detail ? "" : text("unreachable")));
desk.addEventListener("stale", () => say(text("stale")));
desk.addEventListener("state", ({ detail }) => prepare(document.getElementById("view"), detail));
listen();

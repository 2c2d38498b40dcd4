// What the lines of a curve are.

import { html } from "./dom.js";
import { text } from "./texts.js";

export const key = (kind, name) => html("span", { class: `key ${kind}` }, text(name));

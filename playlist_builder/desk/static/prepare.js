// The session that is prepared: its curve, its tracks, and what can be done with them.

import { clock } from "./texts.js";

export function prepare(view, state) {
  const list = document.createElement("ol");
  for (const slot of state.session?.slots ?? []) {
    const row = document.createElement("li");
    row.textContent = `${clock(slot.start_s)} ${slot.title}`;
    list.append(row);
  }
  view.replaceChildren(list);
}

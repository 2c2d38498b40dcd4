// The texts of the page in its language, by name; `{x}` in one is filled with a value.

const known = JSON.parse(document.getElementById("texts").textContent);

export const language = document.documentElement.lang;

export function text(name, values = {}) {
  return known[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// A length in whole minutes, as it is said.
export const minutes = (seconds) => text("minutes", { count: Math.max(1, Math.round(seconds / 60)) });

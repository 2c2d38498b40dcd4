// What a press is: by thumb, by a key, by a pedal; a short one, or one that lasts.

export const LONG_MS = 1500;

// Call `done` when the button was held for LONG_MS, by a pointer, Enter or Space; `short` when it
// was let go before. The button shows how far it is by its custom property --held.
export function onLongPress(button, done, short) {
  let timer = 0;
  const begin = () => {
    if (timer) return;
    button.classList.add("held");
    timer = setTimeout(() => {
      stop();
      done();
    }, LONG_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("held");
  };
  const let_go = () => {
    if (!timer) return;
    stop();
    short();
  };
  const isKey = (event) => event.key === "Enter" || event.key === " ";
  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) begin();
  });
  for (const kind of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(kind, let_go);
  button.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    begin();
  });
  button.addEventListener("keyup", (event) => {
    if (isKey(event)) let_go();
  });
  button.addEventListener("blur", let_go);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

// The keys of a page turner's pedal, by its two sides; they come as one of three pairs.
const SIDES = {
  ...{ PageUp: "left", ArrowLeft: "left", ArrowUp: "left" },
  ...{ PageDown: "right", ArrowRight: "right", ArrowDown: "right" },
};

// Call `act` with the name of what a key is for: "space", "left", "right", or one of `letters`
// (letter to name). Keys that write into a field, or move in a choice, are left alone.
export function onKeys(letters, act) {
  const listener = (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (target.closest?.("input, textarea, select, dialog")) return;
    const name = key === " " ? "space" : (SIDES[key] ?? letters[key.toLowerCase()]);
    if (!name || (key === " " && target.closest?.("button"))) return;
    event.preventDefault();
    act(name);
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

// Keep the screen on while the page is seen; browsers that cannot are left alone.
export function keepAwake() {
  let lock = null;
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    document.removeEventListener("visibilitychange", ask);
    lock?.release();
  };
}

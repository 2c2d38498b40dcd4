// What the page tells: one line that is seen, and read aloud by a screen reader. It lies at the foot
// of the page, can be closed, and never on what has the focus.

import { Refused } from "./api.js";
import { text } from "./texts.js";

const SHOWN_MS = 12_000; // what tells; a warning stays until there is something else to say, or it is mended
const LETTER_MS = 100; // of a long one, to be read
const ASIDE = 8; // pixels between it and what has the focus
const message = document.getElementById("message");
const close = document.getElementById("close");
let timer = null;

close.ariaLabel = text("close");
close.onclick = () => tell("");

export function say(sentence, { warns = false, passes = !warns } = {}) {
  message.classList.toggle("warns", warns);
  if (message.textContent === sentence) message.textContent = ""; // said again
  tell(sentence);
  if (passes) timer = setTimeout(() => tell(""), Math.max(SHOWN_MS, LETTER_MS * sentence.length));
}

function tell(sentence) {
  clearTimeout(timer);
  message.textContent = sentence;
  const height = sentence ? message.parentElement.clientHeight + ASIDE : 0;
  document.documentElement.style.scrollPaddingBottom = `${height}px`; // what is scrolled into view is seen
  uncover(document.activeElement);
}
document.addEventListener("focusin", ({ target }) => uncover(target));

// Scroll what has the focus out from below the line.
function uncover(focused) {
  if (!message.textContent || !focused || focused === document.body) return;
  const { top, bottom } = focused.getBoundingClientRect();
  const line = message.parentElement.getBoundingClientRect();
  if (top < line.bottom && bottom > line.top) scrollBy(0, bottom - line.top + ASIDE);
}

// Wait for a command; what cannot be done is told. Returns whether it was done, or its answer.
export async function tried(promise) {
  try {
    const answer = await promise;
    if (message.classList.contains("warns")) say("");
    return answer ?? true;
  } catch (error) {
    if (error instanceof Refused) say(error.message, { warns: true });
    else if (error instanceof TypeError) say(text("unreachable"), { warns: true }); // of fetch
    else throw error;
    return false;
  }
}

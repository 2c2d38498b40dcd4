// What the page tells: one line that is seen, and read aloud by a screen reader.

import { Refused } from "./api.js";
import { text } from "./texts.js";

const SHOWN_MS = 12_000; // what tells; a warning stays until there is something else to say, or it is mended
const message = document.getElementById("message");
let timer = null;

export function say(sentence, { warns = false, passes = !warns } = {}) {
  message.classList.toggle("warns", warns);
  if (message.textContent === sentence) message.textContent = ""; // said again
  message.textContent = sentence;
  clearTimeout(timer);
  if (passes) timer = setTimeout(() => (message.textContent = ""), SHOWN_MS);
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

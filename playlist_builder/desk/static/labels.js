// Words in a picture: how wide they are, what of them fits, and in which rows they stand. Pure.

export const LETTER = 7.2; // pixels, about the width of a letter
const IDEOGRAM = 13;
const LEAST = 4; // letters, below which a word that is cut says too little

export const wide = (words) => [...words].reduce((sum, letter) => sum + (letter > "\u2fff" ? IDEOGRAM : LETTER), 0);

// As much of a text as fits, or nothing where that would say too little.
export function cut(said, width) {
  if (wide(said) <= width) return said;
  const letters = [...said];
  while (letters.length && wide(letters.join("")) > width - LETTER) letters.pop();
  return letters.length >= LEAST ? `${letters.join("").trimEnd()}…` : "";
}

// The row, from 0, of each of some words that begin at rising places, each below a line that goes
// down from there: no word meets another, or the line of a later one. The last row takes the rest.
export function rowsOf(begins, ends, most) {
  const rows = [];
  for (const [place, begin] of begins.entries()) {
    const met = rows.filter((_, other) => ends[other] > begin);
    rows[place] = Math.min(met.length ? Math.max(...met) + 1 : 0, most - 1);
  }
  return rows;
}

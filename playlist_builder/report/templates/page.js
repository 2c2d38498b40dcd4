"use strict";
(() => {
  const EDGE_S = 10; // played on each side of a transition
  const rows = [...document.querySelectorAll("tr[data-source]")];
  const player = document.querySelector(".player");
  const output = player.querySelector("output");
  // Two, so that a track is ready when the one before it ends.
  const decks = [...player.querySelectorAll("audio")];
  let active = 0; // of the decks
  let place = -1; // of the rows
  let stop = -1; // the row in which playback of a transition ends
  let silence = 0; // the timer of a planned one

  const other = () => decks[1 - active];

  function name(row) {
    return row.dataset.title;
  }

  // Where the part of a track that plays begins and ends.
  const from_s = (number) => Number(rows[number].dataset.from ?? 0);
  const to_s = (number) => Number(rows[number].dataset.to ?? Infinity);

  // `back_s` is how long before its end a track starts, 0 for its beginning.
  function prepare(deck, number, back_s) {
    deck.src = rows[number].dataset.source;
    deck.preload = "auto";
    deck.onloadedmetadata = () => {
      const end_s = Math.min(to_s(number), deck.duration);
      const start_s = back_s ? end_s - back_s : from_s(number);
      if (start_s > 0) deck.currentTime = start_s;
    };
    deck.dataset.place = number;
    deck.load();
  }

  function show(number) {
    rows[place]?.classList.remove("playing");
    place = number;
    rows[place].classList.add("playing");
    decks[active].hidden = false;
    other().hidden = true;
    output.textContent = `${place + 1}. ${name(rows[place])}`;
  }

  // After a planned silence the next track follows; an excerpt of a transition passes over it.
  function rest() {
    const silent_s = stop < 0 ? Number(rows[place].dataset.silent ?? 0) : 0;
    if (!silent_s) return follow();
    clearTimeout(silence);
    output.textContent = player.dataset.silence;
    silence = setTimeout(follow, 1000 * silent_s);
  }

  function start(number, back_s) {
    clearTimeout(silence);
    decks.forEach((deck) => deck.pause());
    prepare(decks[active], number, back_s);
    show(number);
    player.hidden = false;
    // The deck's error event reports a failure; else another start interrupted this one.
    decks[active].play().catch(() => {});
    if (number + 1 < rows.length) prepare(other(), number + 1, 0);
  }

  function follow() {
    const next = place + 1;
    if (next >= rows.length) return;
    active = 1 - active;
    show(next);
    decks[active].play().catch(() => {});
    if (stop < 0 && next + 1 < rows.length) prepare(other(), next + 1, 0);
  }

  for (const deck of decks) {
    deck.addEventListener("ended", () => deck === decks[active] && rest());
    deck.addEventListener("play", () => clearTimeout(silence));
    deck.addEventListener("timeupdate", () => {
      if (deck !== decks[active]) return;
      if (place === stop && deck.currentTime >= from_s(place) + EDGE_S) {
        stop = -1;
        deck.pause();
      } else if (deck.currentTime >= to_s(place)) {
        deck.pause();
        rest();
      }
    });
    deck.addEventListener("error", () => {
      if (deck === decks[active])
        output.textContent = player.dataset.unplayable.replace("{title}", () => name(rows[place]));
    });
  }

  rows.forEach((row, number) => {
    const play = row.querySelector(".play");
    const join = row.querySelector(".join");
    play.addEventListener("click", () => {
      stop = -1;
      start(number, 0);
    });
    join?.addEventListener("click", () => {
      stop = number;
      start(number - 1, EDGE_S);
    });
  });
  document.querySelectorAll(".tracks .listen").forEach((cell) => (cell.hidden = false));

  // What a block is, beside it, and within the picture.
  const tip = document.querySelector(".tip");
  const figure = tip.parentElement;
  function showTip(block) {
    tip.textContent = block.getAttribute("aria-label");
    tip.hidden = false;
    const tile = block.querySelector(".tile").getBoundingClientRect();
    const frame = figure.getBoundingClientRect();
    const middle = (tile.left + tile.right) / 2 - frame.left - tip.offsetWidth / 2;
    const most = frame.width - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(middle, most))}px`;
    tip.style.top = `${tile.bottom - frame.top + 6}px`;
  }
  const hideTip = () => (tip.hidden = true);
  for (const block of document.querySelectorAll("a.block")) {
    block.addEventListener("pointerenter", () => showTip(block));
    block.addEventListener("focus", () => showTip(block));
    block.addEventListener("pointerleave", hideTip);
    block.addEventListener("blur", hideTip);
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
})();

// Elements of the page, made and updated in place: what stays keeps its focus and its scroll.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, values, children) {
  for (const [name, value] of Object.entries(values)) set(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Set an attribute, or a listener by `onclick`; null and false take it away.
export function set(element, name, value) {
  if (typeof value === "function") element[name] = value;
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else {
    const given = value === true ? "" : String(value);
    if (element.getAttribute(name) !== given) element.setAttribute(name, given);
  }
}

export const html = (tag, values = {}, ...children) =>
  filled(document.createElement(tag), values, children);

export const svg = (tag, values = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), values, children);

// Write a text where it is another one: a live region tells only what is new.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Let the children of an element be those of some items, by their key, in their order. What is
// known is updated and moved only where its place is another one: the element that has the focus,
// and all that it is in, is never taken out of the page.
export function keyed(parent, items, key, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item, place) => {
    const own = String(key(item, place));
    let child = known.get(own);
    if (!child) {
      child = make(item, place);
      child.dataset.key = own;
    }
    known.delete(own);
    update(child, item, place);
    return child;
  });
  for (const child of known.values()) child.remove();
  const focused = wanted.findIndex((child) => child.contains(document.activeElement));
  if (focused < 0 || !wanted[focused].isConnected) return place(parent, wanted, null);
  place(parent, wanted.slice(focused + 1), null);
  place(parent, wanted.slice(0, focused), wanted[focused]);
}

function place(parent, children, end) {
  let next = end;
  for (const child of children.toReversed()) {
    if (child.nextElementSibling !== next || child.parentElement !== parent) {
      parent.insertBefore(child, next);
    }
    next = child;
  }
}

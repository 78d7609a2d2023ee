// Turns one state's SVG into another's, shape by shape: what is equal stays, what has changed moves there.
// As in the page's own picture, the shapes stand in a group that is hidden from screen readers (svg.py, as_image).
"use strict";

class Picture {
  constructor(stage) {
    this.stage = stage;
    this.shapes = null; // the lines that are on show; unknown until the first bundle is there
  }

  get svg() {
    return this.stage.querySelector("svg");
  }

  // `lines`: opening tag, a line a shape, closing tag.
  show(lines, sentence) {
    const [opening, shapes] = [lines[0], lines.slice(1, -1)];
    const own = "own" in this.svg.dataset; // the reader has changed it
    if (this.shapes === null || own || opening !== this.opening) this.replace(lines);
    else this.morph(shapes);
    [this.opening, this.shapes] = [opening, shapes];
    this.svg.setAttribute("aria-label", sentence);
    this.stage.dispatchEvent(new CustomEvent("picture"));
  }

  replace(lines) {
    const [opening, closing] = [lines[0], lines.at(-1)];
    this.svg.outerHTML = [opening, '<g aria-hidden="true">', ...lines.slice(1, -1), "</g>", closing].join("");
    this.svg.setAttribute("role", "img");
  }

  morph(shapes) {
    const before = this.shapes, group = this.svg.firstElementChild;
    const most = Math.min(shapes.length, before.length);
    let start = 0; // so many are equal from the start
    while (start < most && shapes[start] === before[start]) start++;
    let end = 0; // and so many from the end
    while (end < most - start && shapes.at(-1 - end) === before.at(-1 - end)) end++;
    const old = [...group.children].slice(start, before.length - end);
    const after = group.children[before.length - end] ?? null;
    parse(shapes.slice(start, shapes.length - end)).forEach((shape, i) => {
      const now = old[i];
      if (!now) group.insertBefore(shape, after);
      else if (now.tagName !== shape.tagName) now.replaceWith(shape);
      else if (before[start + i] !== shapes[start + i]) become(now, shape);
    });
    old.slice(shapes.length - end - start).forEach((shape) => shape.remove());
  }
}

function parse(lines) {
  const holder = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  holder.innerHTML = lines.join("");
  return [...holder.children];
}

// The same element with other attributes: the style lets places, sizes and strengths glide.
function become(shape, other) {
  for (const { name } of [...shape.attributes]) if (!other.hasAttribute(name)) shape.removeAttribute(name);
  for (const { name, value } of other.attributes) if (shape.getAttribute(name) !== value) shape.setAttribute(name, value);
  if (shape.textContent !== other.textContent) shape.textContent = other.textContent;
}

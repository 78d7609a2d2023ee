// A picture says its numbers: what is pointed at, tapped, or reached by the keys is said beside it and lit.
"use strict";

const NEAR = 16; // CSS pixels within which a curve or a small point is meant
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SAYS = "[data-words], [data-value], [data-x], [data-values]";

class Touch {
  constructor(stage) {
    this.stage = stage;
    this.said = document.createElement("div");
    this.said.className = "said";
    this.said.setAttribute("role", "status");
    stage.append(this.said);
    stage.tabIndex = 0;
    stage.setAttribute("role", "application"); // so that a screen reader leaves the arrow keys to the picture
    const words = stage.parentElement.querySelector("output") ? "Picture." : this.svg.getAttribute("aria-label");
    stage.setAttribute("aria-label", `${words} Arrow keys say its numbers.`);
    stage.addEventListener("pointermove", (event) => this.at(event));
    stage.addEventListener("pointerdown", (event) => this.at(event));
    stage.addEventListener("pointercancel", () => this.clear()); // the finger scrolls the page
    stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.clear());
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("blur", () => this.clear());
    stage.addEventListener("picture", () => this.refresh());
  }

  get svg() {
    return this.stage.querySelector("svg");
  }

  // Every place that says something: { shape, i, x, y, box }; a curve has one for each vertex, a large table for each cell.
  get spots() {
    if (!this.found) this.found = [...this.svg.querySelectorAll(SAYS)].flatMap(spotsOf);
    return this.found;
  }

  at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    const inside = this.spots.filter(({ box }) =>
      box && point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y && point.y <= box.y + box.height);
    const near = this.spots
      .filter(({ box }) => !box)
      .map((spot) => [Math.hypot(spot.x - point.x, spot.y - point.y), spot])
      .reduce((best, one) => (one[0] < best[0] ? one : best), [NEAR, null])[1];
    const spot = near ?? inside.at(-1);
    if (spot) this.say(spot);
    else this.clear();
  }

  key(event) {
    if (event.target !== this.stage) return;
    if (event.key === "Escape") this.clear();
    const way = ARROWS[event.key], end = { Home: 0, End: -1 }[event.key];
    if ((!way && end === undefined) || !this.spots.length) return;
    event.preventDefault();
    this.say(way && this.spot ? nextSpot(this.spots, this.spot, way) : this.spots.at(end ?? 0));
    this.said.scrollIntoView({ block: "nearest" });
  }

  say(spot) {
    if (spot === this.spot) return;
    this.clear();
    this.spot = spot;
    this.said.textContent = wordsOf(spot);
    spot.shape.classList.add("pointed");
    const lights = new Set((spot.shape.dataset.lights ?? "").split(" ").filter(Boolean));
    if (lights.size) {
      for (const shape of this.svg.querySelectorAll("[data-of]"))
        if (shape.dataset.of.split(" ").some((name) => lights.has(name))) shape.classList.add("lit");
    }
    this.mark(spot);
    this.place(spot);
  }

  // A dot where a curve is meant, a frame around a cell of a large table.
  mark({ shape, x, y, box }) {
    if (!shape.dataset.x && !shape.dataset.values) return;
    const words = shape.dataset.values
      ? `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"/>`
      : `<circle cx="${x}" cy="${y}" r="5"/>`;
    const [mark] = parse([words]);
    mark.classList.add("mark");
    this.svg.append(mark);
  }

  // Above the spot, inside the stage, or below it where there is no room; aside where the picture keeps room for it.
  place({ shape, x, y, box }) {
    const matrix = this.svg.getScreenCTM();
    const frame = this.stage.getBoundingClientRect();
    const top = new DOMPoint(x, box ? box.y : y - 8).matrixTransform(matrix);
    const bottom = new DOMPoint(x, box ? box.y + box.height : y + 8).matrixTransform(matrix);
    const aside = shape.dataset.aside && new DOMPoint(shape.dataset.aside, 0).matrixTransform(matrix).x - frame.left;
    this.said.style.maxWidth = aside ? `${frame.width - aside}px` : "";
    const [width, height] = [this.said.offsetWidth, this.said.offsetHeight];
    const left = aside || Math.max(0, Math.min(frame.width - width, top.x - frame.left - width / 2));
    const above = top.y - frame.top - height - 6;
    const beside = Math.min(top.y - frame.top, frame.height - height);
    this.said.style.left = `${left}px`;
    this.said.style.top = `${aside ? beside : above >= 0 ? above : bottom.y - frame.top + 6}px`;
  }

  clear() {
    this.spot = null;
    this.said.textContent = "";
    this.svg.querySelectorAll(".pointed, .lit").forEach((shape) => shape.classList.remove("pointed", "lit"));
    this.svg.querySelectorAll(".mark").forEach((mark) => mark.remove());
  }

  // The picture has changed: what was pointed at is said anew if it is still there.
  refresh() {
    const spot = this.spot;
    this.found = null;
    this.clear();
    if (!spot) return;
    const same = this.spots.filter((other) => other.i === spot.i);
    const nearest = same.find((other) => Math.hypot(other.x - spot.x, other.y - spot.y) < NEAR);
    if (nearest) this.say(nearest);
  }
}

function spotsOf(shape) {
  const { x, values } = shape.dataset;
  const box = shape.getBBox();
  if (values) return cellsOf(shape, box);
  const middle = { shape, i: 0, x: box.x + box.width / 2, y: box.y + box.height / 2 };
  if (!x) return [{ ...middle, box: shape.tagName === "circle" && box.width < 2 * NEAR ? null : box }];
  if (shape.tagName === "circle" || !x.includes("|")) return [middle];
  return verticesOf(shape).map(([px, py], i) => ({ shape, i, x: px, y: py }));
}

function cellsOf(shape, box) {
  const [rows, columns] = [shape.dataset.rows.split("|").length, shape.dataset.columns.split("|").length];
  const [width, height] = [box.width / columns, box.height / rows];
  return Array.from({ length: rows * columns }, (_, i) => {
    const cell = { x: box.x + (i % columns) * width, y: box.y + Math.floor(i / columns) * height, width, height };
    return { shape, i, x: cell.x + width / 2, y: cell.y + height / 2, box: cell };
  });
}

// The places of a polyline, whose data has only M, L, H and V with absolute numbers.
function verticesOf(path) {
  let [x, y] = [0, 0];
  return [...path.getAttribute("d").matchAll(/([MLHV])([-\d.]+)(?: ([-\d.]+))?/g)].map(([, command, a, b]) => {
    if (command === "H") x = Number(a);
    else if (command === "V") y = Number(a);
    else [x, y] = [Number(a), Number(b)];
    return [x, y];
  });
}

function wordsOf({ shape, i }) {
  const { words, label, what, value, row, column, names, x, y, rows, columns, values } = shape.dataset;
  if (words) return words;
  const between = (one, other) => [one, other].filter(Boolean).join(" → ");
  const amount = (number) => [what, number].filter(Boolean).join(" ");
  if (values) return `${amount(values.split("|")[i])} · ${between(rows.split("|")[i / columns.split("|").length | 0], columns.split("|")[i % columns.split("|").length])}`;
  if (!x) return [amount(value), between(row, column)].filter(Boolean).join(" · ");
  const [across, up] = (names ?? "|").split("|");
  const [px, py] = [x.split("|"), y.split("|")].map((numbers) => numbers[i] ?? numbers[0]);
  return [label, `${across} ${px}`.trim(), `${up} ${py}`.trim()].filter(Boolean).join(" · ");
}

// The next spot that way: not far along, and hardly aside.
function nextSpot(spots, from, [across, down]) {
  let [best, least] = [from, Infinity];
  for (const spot of spots) {
    const [dx, dy] = [spot.x - from.x, spot.y - from.y];
    const along = dx * across + dy * down;
    const cost = along + 3 * Math.abs(dx * down) + 3 * Math.abs(dy * across);
    if (along > 0.5 && cost < least) [best, least] = [spot, cost];
  }
  return best;
}

const stages = MAY_FETCH ? [...document.querySelectorAll(".stage")] : []; // what shapes say comes with the bundle
const touches = new Map(stages.map((stage) => [stage, new Touch(stage)]));

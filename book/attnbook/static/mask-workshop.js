// Mask workshop: a click on a cell of the mask, or Enter or Space on it, turns it, and the weights follow.
// The picture is the state, and data-own says that it is the reader's: the next one must replace it as a whole.
"use strict";
{
  const FIGURE = 'figure[data-explorer="mask-workshop"]';
  const ALLOWED = "may attend";
  const STRONGEST = 0.85, HATCHING = 7; // as drawn: opacity of the strongest colour, CSS pixels from line to line
  const tenths = (length) => Math.round(10 * length) / 10;
  const find = (svg, name, value) => svg.querySelector(`[data-${name}="${value}"]`);
  const set = (shape, entries) => Object.entries(entries).forEach(([name, value]) => shape.setAttribute(name, value));

  // A cell with its words, or hatched without. The score's number, which is always there, is the words' pattern.
  function show(svg, cell, name, look, words) {
    if (cell.nextElementSibling?.localName === "path") cell.nextElementSibling.remove();
    find(svg, "number", name)?.remove();
    set(cell, look || { class: "none", "fill-opacity": 1 });
    if (!look) return cell.after(hatching(cell));
    const [score, pattern] = ["cell", "number"].map((kind) => find(svg, kind, name.replace(/^\w+/, "scores")));
    const text = pattern.cloneNode();
    const place = (axis) => tenths(pattern[axis].baseVal[0].value + cell.getBBox()[axis] - score.getBBox()[axis]);
    set(text, { x: place("x"), y: place("y"), "data-number": name });
    text.textContent = words;
    pattern.parentElement.append(text);
  }

  function hatching(cell) {
    const { x: left, y: top, width, height } = cell.getBBox();
    const path = document.createElementNS(cell.namespaceURI, "path");
    let lines = "";
    for (let sum = HATCHING * Math.ceil((left + top) / HATCHING); sum < left + width + top + height; sum += HATCHING) {
      const ends = [Math.max(left, sum - top - height), Math.min(left + width, sum - top)];
      lines += `M${ends.map((x) => `${tenths(x)} ${tenths(sum - x)}`).join("L")}`;
    }
    set(path, { d: lines, class: "none line-rule" });
    return path;
  }

  // The softmax of the scores that a row may attend to; says whether there are any.
  function weigh(svg, row) {
    const cells = [...svg.querySelectorAll(`[data-cell^="weights ${row} "]`)];
    const powers = cells.map((_, column) => {
      const score = find(svg, "cell", `scores ${row} ${column}`).dataset.value.replace("−", "-");
      const allowed = find(svg, "toggle", `${row} ${column}`).dataset.value === ALLOWED;
      return allowed ? Math.exp(Number(score)) : 0;
    });
    const total = powers.reduce((sum, power) => sum + power);
    cells.forEach((cell, column) => {
      const weight = powers[column] / total; // of nothing: not a number
      const look = weight > 0 && { class: "fill-weight", "fill-opacity": (STRONGEST * weight).toFixed(2) };
      cell.dataset.value = look ? weight.toFixed(2) : "masked";
      show(svg, cell, cell.dataset.cell, look, cell.dataset.value);
    });
    const words = `row ${row + 1} ${total ? "sums to 1" : "may attend to nothing: its weights are all zero"}`;
    const lamp = total ? "fill-paper line-rule" : "fill-key line-key-ink";
    set(find(svg, "lamp", row), { class: lamp, "data-words": words });
    find(svg, "sum", row).textContent = Math.sign(total);
    return total > 0;
  }

  function turn(cell) {
    const svg = cell.ownerSVGElement, allowed = cell.dataset.value !== ALLOWED;
    cell.dataset.value = allowed ? ALLOWED : "masked";
    show(svg, cell, `mask ${cell.dataset.toggle}`, allowed && { class: "fill-rule", "fill-opacity": 0.5 }, "✓");
    const rows = [...svg.querySelectorAll("[data-lamp]").keys()];
    const empty = rows.filter((row) => !weigh(svg, row)).map((row) => row + 1), last = empty.pop();
    const which = empty.length ? `rows ${empty.join(", ")} and ${last}` : `row ${last}`;
    const zeros = `${which} may attend to nothing: ${empty.length ? "their" : "its"} weights are all zero`;
    find(svg, "note", "kind").textContent = "your own";
    const note = find(svg, "note", "rows");
    note.textContent = last ? "no key allowed: zeros, not NaN" : "every row sums to 1";
    set(note, { class: last ? "fill-key-ink" : "fill-faint" });
    const pairs = [...svg.querySelectorAll("[data-toggle]")].map((pair) => pair.dataset.value === ALLOWED);
    const count = `${pairs.filter(Boolean).length} of ${pairs.length}`;
    const sentence = `Your own mask: ${count} pairs are allowed; ${last ? zeros : note.textContent}.`;
    svg.closest(FIGURE).querySelector("output").textContent = sentence;
    set(svg, { "aria-label": sentence, "data-own": "" });
    svg.parentElement.dispatchEvent(new CustomEvent("picture")); // what is pointed at is said anew
  }

  for (const stage of touches.keys())
    if (stage.matches(`${FIGURE} .stage`)) stage.ariaLabel += " Enter turns a cell of the mask.";

  // The cell that is meant, by the pointer or by the arrow keys, has been found by touch.js.
  for (const kind of ["click", "keydown"]) {
    document.addEventListener(kind, (event) => {
      const cell = event.target.closest(`${FIGURE} .stage`)?.querySelector(".pointed[data-toggle]");
      if (!cell || (kind === "keydown" && !["Enter", " "].includes(event.key))) return;
      event.preventDefault(); // or Space would scroll
      turn(cell);
    });
  }
}

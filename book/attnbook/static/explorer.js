// Explorers on the page: a moved control shows another state and its sentence. No library, no server.
"use strict";

const PHONE = window.matchMedia("(max-width: 559.98px)");
let onPhone = PHONE.matches;
const LOOK = 4000; // milliseconds for a look at what has come out
const SETTLED = 400; // milliseconds: a window that is dragged or photographed passes through widths that it does not keep
const NEARLY = "600px"; // a figure so close to the screen fetches its states

class Explorer {
  constructor(figure) {
    this.figure = figure;
    this.picture = new Picture(figure.querySelector(".stage"));
    this.output = figure.querySelector("output");
    this.late = document.createElement("p");
    this.late.className = "late";
    this.late.setAttribute("role", "status");
    figure.querySelector("figcaption").before(this.late);
    this.controls = [...figure.querySelectorAll(".controls :is(input, select)")];
    this.sizes = this.controls.map((control) =>
      control.type === "checkbox" ? 2 : control.type === "range" ? Number(control.max) + 1 : control.options.length);
    this.controls.forEach((control) => {
      control.addEventListener("input", () => this.moved());
      if (control.type === "range") keepWhileScrolling(control, () => this.moved());
    });
    this.findAnswer();
    if (this.controls.length) this.offerLink();
  }

  get state() {
    return Number(this.figure.dataset.state);
  }

  get address() {
    return onPhone ? this.figure.dataset.narrow : this.figure.dataset.wide;
  }

  // The states are numbered with the last control running fastest.
  get positions() {
    return this.controls.map((control) => (control.type === "checkbox" ? Number(control.checked) : Number(control.value)));
  }

  stateOf(positions) {
    return positions.reduce((state, position, i) => state * this.sizes[i] + position, 0);
  }

  moved() {
    this.show(this.stateOf(this.positions));
    remember(this);
    this.answerSoon();
  }

  // What was asked before the figure is answered after it, once the reader has tried and looked: not at the first of
  // many moves. Whoever has opened or closed the answer wants it so.
  findAnswer() {
    const next = this.figure.closest(".cell")?.nextElementSibling;
    if (!next?.matches("details.answer")) return;
    this.answer = next;
    next.addEventListener("toggle", () => { this.answer = null; }, { once: true });
  }

  answerSoon() {
    clearTimeout(this.looking);
    this.looking = setTimeout(() => { if (this.answer) this.answer.open = true; }, LOOK);
  }

  // Set the controls to a state and show it.
  turnTo(state) {
    let rest = state;
    this.controls.toReversed().forEach((control, i) => {
      const size = this.sizes.at(-1 - i);
      if (control.type === "checkbox") control.checked = Boolean(rest % size);
      else control.value = rest % size;
      rest = Math.floor(rest / size);
    });
    this.show(state);
  }

  // The control answers at once; picture and sentence follow together, those of the last state asked for.
  async show(state) {
    this.figure.dataset.state = state;
    this.controls.filter(({ type }) => type === "range").forEach(writeValue);
    const address = this.address;
    if (this.bundle?.address === address) return this.draw();
    this.figure.setAttribute("aria-busy", "true");
    try {
      this.bundle = { address, ...(await fetchBundle(address)) };
    } catch {
      this.late.textContent = "This picture is still the one of before: the next could not be fetched. It comes when the connection is back.";
      window.addEventListener("online", () => this.show(this.state), { once: true });
      return; // still busy: the sentence and the picture are those of before
    }
    this.draw();
  }

  draw() {
    const { lines, states, readouts } = this.bundle;
    this.picture.show(states[this.state].map((number) => lines[number]), readouts[this.state]);
    if (this.output) this.output.textContent = readouts[this.state];
    this.late.textContent = "";
    this.figure.removeAttribute("aria-busy");
  }

  // The page's own picture is mute, and wide; the bundle's says its numbers, and on a phone it is narrow.
  fit() {
    fetchBundle(this.address).then(() => this.show(this.state), () => {}); // the first control to move tries again
  }

  offerLink() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-link";
    button.textContent = "Copy link to this state";
    button.addEventListener("click", () => copyText(linkTo(this)));
    this.figure.append(button); // last: a phone has room for the picture, its controls and its sentence at once
  }
}

function writeValue(control) {
  const text = JSON.parse(control.dataset.texts)[control.value];
  control.setAttribute("aria-valuetext", text);
  control.parentElement.querySelector(".value").textContent = text;
}

// A finger that scrolls the page and happens to start on a track moves nothing.
function keepWhileScrolling(control, moved) {
  let before;
  control.addEventListener("pointerdown", () => (before = control.value));
  control.addEventListener("pointercancel", () => {
    if (control.value === before) return;
    control.value = before;
    moved();
  });
}

// The state of a figure as an address: ?pipeline=query:4,mask:1#explorer-pipeline
function linkTo({ figure, controls, positions }) {
  const address = new URL(location);
  const told = controls.map((control, i) => `${control.name}:${positions[i]}`).join(",");
  address.search = `?${figure.id.replace("explorer-", "")}=${told}`;
  address.hash = figure.id;
  return address.href;
}

const left = { ...history.state?.figures }; // the states in which figures were left, by their ids

function remember(explorer) {
  left[explorer.figure.id] = explorer.state;
  clearTimeout(remember.soon); // a browser refuses too many changes of the address
  remember.soon = setTimeout(() => history.replaceState({ ...history.state, figures: left }, "", linkTo(explorer)), 150);
}

function explorerOf(id) {
  return explorers.find(({ figure }) => figure.id === id);
}

// The states that an address tells, by the figures' ids.
function told(search) {
  const states = {};
  for (const [name, positions] of new URLSearchParams(search)) {
    const explorer = explorerOf(`explorer-${name}`);
    if (!explorer) continue;
    const wanted = Object.fromEntries(positions.split(",").map((part) => part.split(":")));
    const nearest = explorer.positions.map((position, i) =>
      Math.min(Math.max(Number(wanted[explorer.controls[i].name] ?? position) | 0, 0), explorer.sizes[i] - 1));
    states[explorer.figure.id] = explorer.stateOf(nearest);
  }
  return states;
}

function turnAll(states) {
  for (const [id, state] of Object.entries(states)) explorerOf(id)?.turnTo(state);
}

// A link of the text to a state of a figure on its own page sets it there: answers stay open, and "back" undoes it.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  const here = link?.search && link.origin === location.origin && link.pathname === location.pathname;
  const figure = here && document.getElementById(link.hash.slice(1));
  if (!figure || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const states = told(link.search);
  for (const id in states) left[id] = explorerOf(id).state;
  history.replaceState({ ...history.state, figures: { ...left } }, "");
  turnAll(Object.assign(left, states));
  history.pushState({ ...history.state, figures: { ...left } }, "", link.href);
  figure.tabIndex = -1; // the keyboard goes on from there
  figure.focus();
  figure.scrollIntoView();
}

// Where nothing can be fetched, a figure says so in place of its controls.
function stay(figure) {
  const why = document.createElement("p");
  why.className = "late";
  why.textContent = "This page was opened from a folder, where a browser lets it load nothing more: the picture cannot be moved. It can where the site comes from a web server.";
  figure.querySelector(".controls").replaceWith(why);
}

if (!MAY_FETCH) document.querySelectorAll("figure.explorer").forEach(stay);
const figures = MAY_FETCH ? [...document.querySelectorAll("figure.explorer, figure.picture")] : [];
const explorers = figures.map((figure) => new Explorer(figure));
const near = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    explorerOf(target.id).fit();
  }),
  { rootMargin: NEARLY },
);
turnAll({ ...told(location.search), ...left });
document.addEventListener("click", follow);
addEventListener("popstate", ({ state }) => turnAll(Object.assign(left, state?.figures)));
explorers.forEach(({ figure }) => near.observe(figure));
let settling;
PHONE.addEventListener("change", () => {
  clearTimeout(settling);
  settling = setTimeout(() => {
    onPhone = PHONE.matches;
    explorers.filter(({ bundle }) => bundle).forEach((explorer) => explorer.show(explorer.state));
  }, SETTLED);
});

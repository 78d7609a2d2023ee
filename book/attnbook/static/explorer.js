// Explorers on the page: a moved control shows another state and its sentence. No library, no server.
"use strict";

const PHONE = window.matchMedia("(max-width: 559.98px)");
let onPhone = PHONE.matches;
const LOOK = 4000; // milliseconds for a look at what has come out
const SETTLED = 400; // milliseconds: a window that is dragged or photographed passes through widths that it does not keep
const NEARLY = "600px"; // a figure so close to the screen fetches its states
const [WORDS, LETTER] = [30, 4]; // characters that a field shows at once

// A control and where it stands: at one of its stops or, with Python, at a value between them.
class Dial {
  constructor(control) {
    this.control = control;
    this.size = control.type === "checkbox" ? 2 : control.type === "range" ? Number(control.max) + 1 : control.options.length;
  }

  get name() {
    return this.control.name;
  }

  get position() {
    return this.control.type === "checkbox" ? Number(this.control.checked) : Number(this.control.value);
  }

  set position(position) {
    if (this.control.type === "checkbox") this.control.checked = Boolean(position);
    else this.control.value = position;
    if (this.control.type === "range") writeValue(this.control);
  }

  // The number of the stop, −1 between two.
  get stop() {
    return this.free ? this.free.stops.indexOf(this.value) : this.position;
  }

  set stop(stop) {
    if (this.free) this.value = this.free.stops[stop];
    else this.position = Math.min(Math.max(stop, 0), this.size - 1);
  }

  // What Python is told; known only where it has told the values.
  get value() {
    return this.control.type === "text" ? this.control.value : this.free.values[this.position];
  }

  set value(value) {
    if (this.control.type === "text") this.control.value = value;
    else this.position = nearest(this.free.values, value);
  }

  // As an address and the browser's history have it: a stop's number, or "=" and the value.
  get place() {
    return this.stop < 0 ? `=${this.value}` : this.stop;
  }

  // Without Python, a value is taken to the nearest stop.
  set place(place) {
    const value = String(place).startsWith("=") ? String(place).slice(1) : null;
    if (value === null) this.stop = Number(place) | 0;
    else if (this.free) this.value = this.control.type === "range" ? Number(value) : value;
    else if (this.control.type === "range") this.stop = nearest(JSON.parse(this.control.dataset.texts), value);
  }

  // From now on all values that Python told; `moved` is called when the reader moves it.
  open(free, moved) {
    const { stop, control } = this;
    this.closed = control.cloneNode(true);
    if (free.kind === "text") this.replace(textField(control, free));
    else if (control.type === "range") {
      control.max = free.values.length - 1;
      control.dataset.texts = JSON.stringify(free.texts);
    }
    this.free = free;
    this.stop = stop;
    if (this.control !== control) this.control.addEventListener("input", moved);
  }

  // Back to the stops: to the nearest.
  close(moved) {
    const { stop, value } = this;
    if (!this.free) return;
    this.free = null;
    if (this.control.type === "text") {
      this.replace(this.closed);
      this.control.addEventListener("input", moved);
    } else if (this.control.type === "range") {
      this.control.max = this.closed.max;
      this.control.dataset.texts = this.closed.dataset.texts;
    }
    this.place = stop < 0 ? `=${value}` : stop;
  }

  replace(control) {
    this.control.replaceWith(control);
    this.control = control;
  }
}

function textField(select, { values }) {
  const field = document.createElement("input");
  const examples = document.createElement("datalist");
  examples.id = `${select.id}-examples`;
  examples.append(...values.map((value) => new Option(value, value)));
  const size = values.some((value) => value.length > 1) ? WORDS : LETTER;
  Object.assign(field, { type: "text", id: select.id, name: select.name, size, autocomplete: "off", spellcheck: false });
  field.setAttribute("list", examples.id);
  field.append(examples);
  return field;
}

// The place of the number in a list that is nearest to one.
function nearest(numbers, number) {
  const far = (one) => Math.abs(Number(one) - Number(number));
  return numbers.reduce((best, one, i) => (far(one) < far(numbers[best]) ? i : best), 0);
}

class Explorer {
  constructor(figure) {
    this.figure = figure;
    this.picture = new Picture(figure.querySelector(".stage"));
    this.output = figure.querySelector("output");
    this.late = document.createElement("p");
    this.late.className = "late";
    this.late.setAttribute("role", "status");
    figure.querySelector("figcaption").before(this.late);
    this.dials = [...figure.querySelectorAll(".controls :is(input, select)")].map((control) => new Dial(control));
    this.moved = this.moved.bind(this);
    this.dials.forEach(({ control }) => {
      control.addEventListener("input", this.moved);
      if (control.type === "range") keepWhileScrolling(control, this.moved);
    });
    this.findAnswer();
    if (!this.dials.length) return;
    this.buttons = document.createElement("p");
    this.buttons.className = "below"; // last: a phone has room for the picture, its controls and its sentence at once
    this.buttons.append(quietButton("Copy link to this state", () => copyText(linkTo(this))));
    figure.append(this.buttons);
    if (figure.dataset.source) this.offerAnyValue();
  }

  get address() {
    return onPhone ? this.figure.dataset.narrow : this.figure.dataset.wide;
  }

  // The states are numbered with the last control running fastest; NaN between the stops.
  get state() {
    return this.dials.reduce((state, { stop, size }) => (stop < 0 ? NaN : state * size + stop), 0);
  }

  get places() {
    return this.dials.map(({ place }) => place);
  }

  moved() {
    this.show();
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

  // Set the controls to places and show what is there.
  turnTo(places) {
    this.dials.forEach((dial, i) => { dial.place = places[i]; });
    this.wanted = this.places.some((place, i) => String(place) !== String(places[i])) ? places : null;
    this.show();
  }

  // The control answers at once; picture and sentence follow, those of the last place asked for.
  async show() {
    const { state, address } = this;
    this.dials.filter(({ control }) => control.type === "range").forEach(({ control }) => writeValue(control));
    this.figure.dataset.state = Number.isNaN(state) ? this.places.join(",") : state;
    if (Number.isNaN(state)) return this.compute();
    this.asked = null;
    if (this.bundle?.address === address) return this.draw();
    this.figure.setAttribute("aria-busy", "true");
    try {
      this.bundle = { address, ...(await fetchBundle(address)) };
    } catch {
      this.say("This picture is still the one of before: the next could not be fetched. It comes when the connection is back.");
      window.addEventListener("online", () => this.show(), { once: true });
      return; // still busy: the sentence and the picture are those of before
    }
    if (!this.asked) this.draw();
  }

  draw() {
    const { lines, states, readouts } = this.bundle;
    const { state } = this;
    this.picture.show(states[state].map((number) => lines[number]), readouts[state]);
    if (this.output) this.output.textContent = readouts[state];
    this.say(this.wanted ? this.meant : "");
    this.figure.removeAttribute("aria-busy");
  }

  // What a link asks for that only Python can show.
  get meant() {
    const typed = this.dials.findIndex(({ control }, i) => control.tagName === "SELECT" && String(this.wanted[i]).startsWith("="));
    const text = String(this.wanted[typed]).slice(1);
    if (typed >= 0) return `The link means “${text}”. Press “${this.offer}” to see it; this is an example that is stored.`;
    return `The link means a value that is not stored. Press “${this.offer}” to see it; this is the nearest that is.`;
  }

  get offer() {
    return "typed" in this.figure.dataset ? "Type your own" : "Any value";
  }

  say(words) {
    this.late.textContent = words;
  }

  // The page's own picture is mute, and wide; the bundle's says its numbers, and on a phone it is narrow.
  fit() {
    fetchBundle(this.address).then(() => this.show(), () => {}); // the first control to move tries again
  }

  offerAnyValue() {
    this.anyValue = quietButton(`${this.offer} (runs Python here, ${document.body.dataset.megabytes} MB)`, () => this.open());
    this.buttons.prepend(this.anyValue);
  }

  async open() {
    this.anyValue.disabled = true;
    try {
      const controls = await python.ask("figures.controls", { source: this.figure.dataset.source });
      this.dials.forEach((dial, i) => dial.open(controls[i], this.moved));
      this.anyValue.remove();
      this.say(`Python runs here now: ${this.field ? "type what you like." : "the sliders stop at any value."}`);
      this.goOn();
      if (this.wanted) this.turnTo(this.wanted);
    } catch (error) {
      this.say(`${error.message} The figure shows its stored states.`);
    }
    this.anyValue.disabled = false;
  }

  get field() {
    return this.dials.find(({ control }) => control.type === "text")?.control;
  }

  // The button that had the keyboard is gone: on with the first control that has more to give.
  goOn() {
    if (document.activeElement !== document.body) return; // the reader is elsewhere by now
    const first = this.field ?? this.dials.find(({ free }) => free.values.length > free.stops.length).control;
    first.focus({ preventScroll: true });
    this.field?.select();
  }

  close(why) {
    this.dials.forEach((dial) => dial.close(this.moved));
    this.buttons.prepend(this.anyValue);
    this.show();
    this.say(`${why} The figure shows its stored states.`);
  }

  // The newest values alone are computed: what was passed on the way is never queued.
  async compute() {
    this.asked = Object.fromEntries(this.dials.map(({ name, value }) => [name, value]));
    this.figure.setAttribute("aria-busy", "true");
    if (this.computing) return;
    this.computing = true;
    try {
      while (this.asked) await this.computeNewest();
    } catch (error) {
      this.asked = null;
      this.close(error.message);
    }
    this.computing = false;
  }

  async computeNewest() {
    const { asked: values, figure: { dataset: { source } } } = this;
    const narrow = onPhone;
    const { readout, refused } = await python.ask("figures.measure", { source, values });
    if (this.asked !== values) return;
    this.output.textContent = readout ?? `Not drawn: ${refused}.`;
    const lines = readout === undefined ? null : await python.ask("figures.draw", { source, values, narrow });
    if (!this.asked) return; // a stop was shown meanwhile
    if (lines) this.picture.show(lines, readout);
    if (this.asked !== values) return;
    this.say("");
    this.figure.removeAttribute("aria-busy");
    this.asked = null;
  }
}

function quietButton(words, pressed) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words;
  button.addEventListener("click", pressed);
  return button;
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

// The state of a figure as an address: ?pipeline=query:4,mask:1#explorer-pipeline; between the stops, d_k:=37.
function linkTo({ figure, dials }) {
  const address = new URL(location);
  const told = dials.map(({ name, place }) => `${name}:${written(place)}`).join(",");
  address.search = `?${figure.id.replace("explorer-", "")}=${told}`;
  address.hash = figure.id;
  return address.href;
}

// What parts the places is written twice over in a place, for an address is read once before it is taken apart.
function written(place) {
  return encodeURIComponent(String(place).replace(/[%,:]/g, encodeURIComponent));
}

const left = { ...history.state?.figures }; // where the controls of figures were left, by the figures' ids

function remember(explorer) {
  left[explorer.figure.id] = explorer.places;
  clearTimeout(remember.soon); // a browser refuses too many changes of the address
  remember.soon = setTimeout(() => history.replaceState({ ...history.state, figures: left }, "", linkTo(explorer)), 150);
}

function explorerOf(id) {
  return explorers.find(({ figure }) => figure.id === id);
}

// The places that an address tells, by the figures' ids.
function told(search) {
  const places = {};
  for (const [name, said] of new URLSearchParams(search)) {
    const explorer = explorerOf(`explorer-${name}`);
    if (!explorer) continue;
    const wanted = Object.fromEntries(said.split(",").map((part) => part.split(":")));
    places[explorer.figure.id] = explorer.dials.map((dial) => decoded(wanted[dial.name]) ?? dial.place);
  }
  return places;
}

// As it was before it became part of an address; nothing where that is no address at all.
function decoded(place) {
  try {
    return place && decodeURIComponent(place);
  } catch {
    return undefined;
  }
}

function turnAll(places) {
  for (const [id, where] of Object.entries(places)) explorerOf(id)?.turnTo(where);
}

// A link of the text to a state of a figure on its own page sets it there: answers stay open, and "back" undoes it.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  const here = link?.search && link.origin === location.origin && link.pathname === location.pathname;
  const figure = here && document.getElementById(link.hash.slice(1));
  if (!figure || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const places = told(link.search);
  for (const id in places) left[id] = explorerOf(id).places;
  history.replaceState({ ...history.state, figures: { ...left } }, "");
  turnAll(Object.assign(left, places));
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
    explorers.filter(({ bundle }) => bundle).forEach((explorer) => explorer.show());
  }, SETTLED);
});

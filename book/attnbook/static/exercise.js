// Exercises where they stand: the reader's code is run by Python in the page, after what it needs of the chapter.
"use strict";

const PAUSE = 500; // milliseconds without a key: then what was written is kept
const LONG = 15; // lines: so many scroll by themselves on the smallest screen

const codeOfChapters = new Map(); // chapter -> promise of its cells

function codeOf(chapter) {
  if (!codeOfChapters.has(chapter)) {
    const cells = fetchCode(chapter);
    cells.catch(() => codeOfChapters.delete(chapter));
    codeOfChapters.set(chapter, cells);
  }
  return codeOfChapters.get(chapter);
}

async function fetchCode(chapter) {
  const response = await fetch(new URL(`_python/chapters/${chapter}.json`, SITE), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

class Workbench {
  constructor(form) {
    const textarea = form.querySelector("textarea");
    this.cell = form.dataset.cell;
    this.chapter = form.dataset.chapter;
    this.start = textarea.defaultValue;
    this.known = form.dataset; // where the record keeps that it is solved
    this.result = form.querySelector(".result");
    this.solved = form.querySelector(".solved");
    this.old = form.querySelector(".before");
    for (const name of ["run", "stop", "reset", "link"]) {
      this[`${name}Button`] = form.querySelector(`.${name}`);
      this[`${name}Button`].addEventListener("click", () => this[name]());
    }
    this.own = textarea.value = record.code(this.cell) ?? this.start;
    this.field = new CodeField(textarea, { run: () => this.run(), changed: () => this.changed() });
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("record", () => (this.follow(), this.saySolved()));
    this.sayWhetherChanged();
    this.saySolved();
    this.take(new URLSearchParams(location.search).get(`code-${this.cell}`));
  }

  // Code that came with the address stands in the field; the reader's own is kept until they change it, and can be had back.
  async take(packed) {
    if (!packed) return;
    try {
      this.linked = await unpackedCode(packed);
    } catch {
      return this.say("The link's code is not complete, so it is not shown.");
    }
    this.field.text = this.linked;
    const note = paragraph("This code came with the link.");
    note.className = "linked";
    note.setAttribute("role", "status");
    this.result.before(note);
    const own = this.own;
    if (own === this.start) return;
    note.append(" Yours is kept until you change this. ", quietButton("Back to my code", () => {
      note.textContent = "This is your code.";
      this.linked = null;
      this.field.text = own;
      this.field.focus();
    }));
  }

  // The address of this exercise with the code that stands in its field.
  async link() {
    const address = new URL(location);
    address.search = `?code-${this.cell}=${await packedCode(this.field.text)}`;
    address.hash = `exercise-${this.cell}`;
    copyText(address.href);
  }

  changed() {
    this.unkept = true;
    this.sayWhetherChanged();
    this.sayWhetherOld();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.keep(), PAUSE);
  }

  sayWhetherChanged() {
    this.resetButton.setAttribute("aria-disabled", this.field.text === this.start);
  }

  // A verdict does not outlive the code that it was about.
  sayWhetherOld() {
    this.old.hidden = this.running || this.ran === undefined || this.ran === this.field.text;
    this.result.classList.toggle("old", !this.old.hidden);
  }

  saySolved() {
    const { of, names } = this.known, done = of === "parts" ? Object.keys(record.parts) : record.passed;
    this.solved.hidden = !names.split(" ").every((name) => done.includes(name));
  }

  // Only what the reader wrote: the starter code may be better in the next edition.
  keep() {
    clearTimeout(this.pause);
    const { text } = this.field;
    if (!this.unkept || text === this.linked) return; // nothing was written here: another tab may have more
    this.unkept = false;
    this.linked = null;
    if (text === (record.code(this.cell) ?? this.start)) return;
    if (text === this.start) record.dropCode(this.cell);
    else record.keepCode(this.cell, text);
  }

  // What another tab has written, or a file has brought, unless this one is being written in.
  follow() {
    const kept = record.code(this.cell) ?? this.start;
    if (this.unkept || this.linked || kept === this.field.text) return;
    this.field.text = kept;
    this.unkept = false;
  }

  reset() {
    if (this.field.text === this.start) return;
    this.field.text = this.start;
    this.field.focus(); // where it can be undone
  }

  async run() {
    if (this.running) return;
    this.keep();
    this.show(true);
    try {
      await this.runNow();
    } catch (error) {
      this.result.querySelector(":scope > p")?.remove(); // what was printed stays
      this.result.append(paragraph(error instanceof Ended ? `${error.message} Your code is untouched; Python starts anew at the next run.`
        : `This is a fault of the course, not of your code: ${error.message}`));
    }
    this.show(false);
  }

  async runNow() {
    this.say("Running …");
    this.ran = this.field.text;
    const kept = record.course;
    const cells = await codeOf(this.chapter);
    const { cell, ran: code } = this;
    let told = null;
    const answer = await python.ask("cells.run", { code, cell, cells, kept }, (piece) => {
      if (!told) this.result.replaceChildren((told = new Told()).box);
      told.add(JSON.parse(piece));
    });
    record.keepCourse(answer.kept, kept);
    const outputs = answer.outputs.map(shownOutput);
    if (outputs.length) this.result.replaceChildren(...outputs);
    else this.say("It ran, and had nothing to show.");
  }

  stop() {
    python.end("Stopped.");
  }

  show(running) {
    this.running = running;
    this.result.setAttribute("aria-busy", running); // a screen reader waits until all is there
    this.runButton.setAttribute("aria-disabled", running);
    if (!running && document.activeElement === this.stopButton) this.runButton.focus();
    this.stopButton.hidden = !running;
    this.sayWhetherOld();
  }

  say(words) {
    this.result.replaceChildren(paragraph(words));
  }
}

// Code as a short word that an address can carry, and back.
async function packedCode(text) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpackedCode(word) {
  const bytes = Uint8Array.from(atob(word.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  return new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), bytes));
}

async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

function paragraph(words) {
  const said = document.createElement("p");
  said.textContent = words;
  return said;
}

// What is printed, while it is printed.
class Told {
  constructor() {
    this.box = boxOf(document.createElement("pre"));
  }

  add({ text }) {
    this.box.firstChild.append(text);
  }
}

function boxOf(...content) {
  const box = document.createElement("div");
  box.className = "output";
  box.append(...content);
  return box;
}

function shownOutput({ kind, name, text, data, traceback }) {
  if (kind === "stream") return boxOf(textBlock(text, name));
  if (kind === "error") return boxOf(textBlock(traceback, "error"));
  const svg = data["image/svg+xml"], markdown = data["text/markdown"];
  if (svg) return boxOf(picture(svg, data["text/plain"]));
  const table = markdown && tableOf(markdown);
  return boxOf(table ?? textBlock(data["text/plain"]));
}

// A check's words begin with its sign; the colour only repeats it.
function textBlock(text, name = "") {
  const block = document.createElement("pre");
  block.className = name;
  if (text.split("\n").length > LONG || name === "error") {
    const reach = { tabindex: 0, role: "group", "aria-label": "Output, scrolls" };
    Object.entries(reach).forEach(([attribute, value]) => block.setAttribute(attribute, value));
  }
  for (const line of text.replace(/\n$/, "").split(/(?<=\n)/)) {
    const said = document.createElement("span");
    said.className = line.startsWith("✓ ") ? "right" : line.startsWith("✗ ") ? "wrong" : "";
    said.textContent = line;
    block.append(said.className ? said : line);
  }
  return block;
}

// Of Markdown, the tables that the course's own values are shown as; null if it holds something else.
function tableOf(markdown) {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  if (lines.length < 2 || lines.length < markdown.trim().split("\n").length) return null;
  const table = document.createElement("table");
  lines.forEach((line, i) => {
    if (i === 1) return; // between head and body
    const row = table.insertRow();
    for (const words of line.split(/(?<!\\)\|/).slice(1, -1)) {
      const cell = document.createElement(i ? "td" : "th");
      cell.textContent = words.trim().replaceAll("\\|", "|");
      row.append(cell);
    }
  });
  return table;
}

// Only shapes and what stands within the picture: no script, no link, nothing from elsewhere.
function picture(svg, label) {
  const drawn = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement; // nothing in it runs
  drawn.querySelectorAll("script, foreignObject, style, a, metadata").forEach((part) => part.remove());
  for (const part of [drawn, ...drawn.querySelectorAll("*")]) {
    for (const { name, value } of [...part.attributes]) {
      const leads = /href$/i.test(name) && !/^(#|data:image\/)/.test(value);
      if (leads || /^(on|style)/i.test(name)) part.removeAttribute(name);
    }
  }
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return document.importNode(drawn, true);
}

for (const form of document.querySelectorAll(".workbench")) new Workbench(form);

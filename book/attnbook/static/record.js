// What the reader has done, kept in this browser alone. The record is the file that notebooks keep, attention-course.json,
// with three entries more: code, answers, place.
//
// Nothing here throws but `load`. Where storage is refused or full, what is kept lasts as long as the page, which says
// so once. Whenever something changes, here or in another tab, the document gets the event "record".
"use strict";

const record = (() => {
  const KEY = "attention-course-1"; // another number for another form
  const OWN = ["code", "answers", "place"], SECTIONS = ["passed", "parts", ...OWN];
  const NOTHING = '{"passed": [], "parts": {}}';
  const waiting = new Map(); // what storage has not taken: [section, name, value] by section and name
  let warned = false;

  const isText = (value) => typeof value === "string";
  const hasTexts = (part) => Object(part) === part && !Array.isArray(part) && Object.values(part).every(isText);

  function parsed(text) {
    const held = JSON.parse(text);
    const sections = OWN.map((section) => held?.[section] ?? {});
    const isOurs = Array.isArray(held?.passed) && held.passed.every(isText) && [held.parts, ...sections].every(hasTexts);
    if (!isOurs) throw new TypeError("not this course's");
    const [code, answers, place] = sections;
    return { passed: Object.fromEntries(held.passed.map((name) => [name, true])), parts: held.parts, code, answers, place };
  }

  const written = (held) => `${JSON.stringify({ ...held, passed: Object.keys(held.passed) }, null, 1)}\n`;

  // Read anew at each change, so that two tabs add to the same record.
  function all() {
    let held = parsed(NOTHING);
    try {
      held = parsed(localStorage.getItem(KEY) ?? NOTHING);
    } catch { /* refused, or no record */ }
    for (const [section, name, value] of waiting.values()) {
      if (value === undefined) delete held[section][name];
      else held[section][name] = value;
    }
    return held;
  }

  function change(entries, quietly = false) {
    if (!entries.length) return;
    for (const entry of entries) waiting.set(entry.slice(0, 2).join(" "), entry);
    try {
      localStorage.setItem(KEY, written(all()));
      waiting.clear();
    } catch {
      if (!warned && !quietly) tell("Your browser keeps nothing of this: it is lost when you leave the page.");
      warned ||= !quietly;
    }
    changed();
  }

  const changed = () => document.dispatchEvent(new Event("record"));
  addEventListener("storage", ({ key }) => [KEY, null].includes(key) && changed());
  addEventListener("pageshow", ({ persisted }) => persisted && changed()); // it was not told while it was away

  const entriesOf = (held, sections) =>
    sections.flatMap((section) => Object.entries(held[section]).map(([name, value]) => [section, name, value]));
  const ask = (section, name) => new Map(Object.entries(all()[section])).get(name) ?? null;

  return {
    code: (cell) => ask("code", cell),
    keepCode: (cell, text) => change([["code", cell, text]]),
    dropCode: (cell) => change([["code", cell, undefined]]),

    answer: (question) => ask("answers", question),
    keepAnswer: (question, answer) => change([["answers", question, answer]]),

    // Where the reader stopped: { page, section, title }, or null. They did not ask for it: refused, it is not spoken of.
    get place() {
      const { place } = all();
      return place.page ? place : null;
    },
    keepPlace: (place) => change(Object.entries(place).map(([name, value]) => ["place", name, value]), true),

    get passed() {
      return Object.keys(all().passed);
    },
    get parts() {
      return all().parts;
    },

    // The text of attention-course.json as the checks in Python know it; null if there is nothing in it.
    get course() {
      const { passed, parts } = all();
      return Object.keys({ ...passed, ...parts }).length ? written({ passed, parts }) : null;
    },

    // Keep what the checks have added to the text that they were given: another tab may have gone on meanwhile.
    keepCourse(text, given = null) {
      let after, before;
      try {
        [after, before] = [parsed(text ?? NOTHING), parsed(given ?? NOTHING)];
      } catch {
        return; // the reader's own code has written something else there, which the checks have said
      }
      change(entriesOf(after, ["passed", "parts"]).filter(([section, name, value]) => before[section][name] !== value));
    },

    // The whole as a file, for the reader or for a notebook's folder.
    get file() {
      return written(all());
    },

    // Add what is in such a file. What is here stays as it is. Returns the entries that came in, and those that differ.
    load(text) {
      let file;
      try {
        file = parsed(text);
      } catch {
        throw new Error("This is no file of this course: nothing was changed.");
      }
      const here = all(), isHere = ([section, name]) => Object.hasOwn(here[section], name);
      const entries = entriesOf(file, SECTIONS), added = entries.filter((entry) => !isHere(entry));
      change(added);
      return { added, differing: entries.filter((entry) => isHere(entry) && here[entry[0]][entry[1]] !== entry[2]) };
    },

    forget() {
      waiting.clear();
      try {
        localStorage.removeItem(KEY);
      } catch { /* refused: there is nothing */ }
      changed();
    },

    // Whether nothing is kept, as far as is known: a full storage shows only when something is to be kept.
    get refused() {
      try {
        localStorage.getItem(KEY);
      } catch {
        return true;
      }
      return waiting.size > 0;
    },
  };
})();

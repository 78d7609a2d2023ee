// What the reader has done, kept in this browser alone. The record is the file that notebooks keep, attention-course.json,
// with three entries more: code, answers, place.
//
// Nothing here throws but `load`. Where storage is refused or full, what is kept lasts as long as the page, which says
// so once. Whenever something changes, here or in another tab, the document gets the event "record".
"use strict";

const record = (() => {
  const PREFIX = "attention-course-1/"; // another number for another form
  const OWN = ["code", "answers", "place"], SECTIONS = ["passed", "parts", ...OWN];
  const NOTHING = '{"passed": [], "parts": {}}';
  const waiting = new Map(); // what storage has not taken: key -> text, or undefined for none
  let warned = false;

  const isText = (value) => typeof value === "string";
  const hasTexts = (part) => Object(part) === part && !Array.isArray(part) && Object.values(part).every(isText);

  // A record in hand has texts by section and name: the passed ones are empty, and the place is one text.
  function parsed(text) {
    const held = JSON.parse(text);
    const sections = OWN.map((section) => held?.[section] ?? {});
    const isOurs = Array.isArray(held?.passed) && held.passed.every(isText) && [held.parts, ...sections].every(hasTexts);
    if (!isOurs) throw new TypeError("not this course's");
    const [code, answers, place] = sections;
    const passed = Object.fromEntries(held.passed.map((name) => [name, ""]));
    return { passed, parts: held.parts, code, answers, place: place.page ? { last: JSON.stringify(place) } : {} };
  }

  function placeIn({ place }) {
    try {
      return JSON.parse(place.last) ?? {};
    } catch {
      return {}; // none, or broken
    }
  }

  const inFile = (held) => ({ ...held, passed: Object.keys(held.passed) });
  const written = (form) => `${JSON.stringify(form, null, 1)}\n`;

  // Each entry has a key of its own, so that two tabs which write at the same time both add to the record.
  const keyOf = (section, name) => `${PREFIX}${section}/${name}`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).sort();

  function all() {
    const found = new Map();
    try {
      keys().forEach((key) => found.set(key, localStorage.getItem(key)));
    } catch { /* refused */ }
    for (const [key, value] of waiting) found.set(key, value);
    const held = parsed(NOTHING);
    for (const [key, value] of found) {
      const [, section, name] = key.match(/^[^/]*\/([^/]*)\/(.*)$/s) ?? [];
      if (value !== undefined && Object.hasOwn(held, section)) held[section][name] = value;
    }
    return held;
  }

  function change(entries, quietly = false) {
    if (!entries.length) return;
    for (const [section, name, value] of entries) waiting.set(keyOf(section, name), value);
    try {
      for (const [key, value] of waiting) {
        if (value === undefined) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
        waiting.delete(key);
      }
    } catch {
      if (!warned && !quietly) tell("Your browser keeps nothing of this: it is lost when you leave the page.");
      warned ||= !quietly;
    }
    changed();
  }

  const changed = () => document.dispatchEvent(new Event("record"));
  addEventListener("storage", ({ key }) => (key ?? PREFIX).startsWith(PREFIX) && changed());
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
      const place = placeIn(all());
      return place.page ? place : null;
    },
    keepPlace: (place) => change([["place", "last", JSON.stringify(place)]], true),

    get passed() {
      return Object.keys(all().passed);
    },
    get parts() {
      return all().parts;
    },

    // The text of attention-course.json as the checks in Python know it; null if there is nothing in it.
    get course() {
      const { passed, parts } = inFile(all());
      return passed.length || Object.keys(parts).length ? written({ passed, parts }) : null;
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
      const held = all();
      return written({ ...inFile(held), place: placeIn(held) });
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
        keys().forEach((key) => localStorage.removeItem(key));
      } catch { /* refused: there is nothing */ }
      changed();
    },

    // Whether nothing is kept, as far as is known: a full storage shows only when something is to be kept.
    get refused() {
      try {
        localStorage.getItem(PREFIX);
      } catch {
        return true;
      }
      return waiting.size > 0;
    },
  };
})();

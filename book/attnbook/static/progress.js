// "Your progress" on the first page, and the way back to where the reader stopped.
"use strict";

(() => {
  const box = document.querySelector(".progress");
  const one = (selector) => box.querySelector(selector);
  const element = (name, properties) => Object.assign(document.createElement(name), properties);
  const counted = (number, single, several) => `${number} ${number === 1 ? single : several}`;

  // The same table as that of check.progress(): ● for done, ○ for not yet.
  function showTable() {
    const done = { passed: new Set(record.passed), parts: new Set(Object.keys(record.parts)) };
    for (const cell of box.querySelectorAll("[data-names]")) {
      const found = cell.dataset.names.split(" ").map((name) => done[cell.dataset.of].has(name));
      const dots = cell.querySelector("[aria-hidden]"), count = dots ? cell.querySelector(".unseen") : cell;
      if (dots) dots.textContent = found.map((is) => (is ? "●" : "○")).join("");
      count.textContent = `${found.filter(Boolean).length} of ${found.length}`;
    }
    one(".read").hidden = one(".model [data-names]").textContent.startsWith("0 ");
    one(".refused").hidden = !record.refused;
  }

  function showPlace() {
    document.querySelector(".go-on")?.remove();
    const { place } = record, start = document.querySelector(".start");
    const chapter = [...document.querySelectorAll(".card > a")].find(
      (link) => link.getAttribute("href") === `chapters/${place?.page}.html`,
    );
    if (!start || !chapter) return;
    const link = element("a", { href: `${chapter.getAttribute("href")}#${encodeURIComponent(place.section)}` });
    link.append(`${chapter.querySelector("h3").textContent}, `, element("em", { textContent: place.title }));
    const line = element("span", { className: "go-on" });
    line.append("Go on where you stopped: ", link);
    start.after(" ", line);
  }

  function show() {
    showTable();
    showPlace();
  }
  document.addEventListener("record", show);
  show();

  const say = (words) => (one("[role=status]").textContent = words);

  one(".save").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([record.file], { type: "application/json" }));
    element("a", { href: address, download: "attention-course.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    say("The file is attention-course.json. In the folder of your notebooks it counts there, too.");
  });

  const chooser = one("input[type=file]");
  one(".load").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    try {
      say(cameIn(record.load(await chooser.files[0].text())));
    } catch (error) {
      say(error.message);
    }
    chooser.value = ""; // so that the same file can be chosen again
  });

  function cameIn({ added, differing }) {
    const number = (section) => added.filter((entry) => entry[0] === section).length;
    const kinds = [
      ["passed", "passed exercise", "passed exercises"],
      ["parts", "part of the model", "parts of the model"],
      ["code", "piece of code", "pieces of code"],
      ["answers", "answer", "answers"],
    ].filter(([section]) => number(section)).map(([section, ...words]) => counted(number(section), ...words));
    const came = `Came in: ${kinds.join(", ") || "nothing that is not here already"}.`;
    const stay = differing.filter(([section]) => section !== "place").length;
    return stay ? `${came} ${counted(stay, "entry differs from yours here, which stays", "entries differ from yours here, which stay")}.` : came;
  }

  const dialog = one("dialog");
  one(".forget").addEventListener("click", () => dialog.showModal());
  dialog.querySelector(".cancel").addEventListener("click", () => dialog.close());
  dialog.querySelector(".confirm").addEventListener("click", () => {
    dialog.close();
    record.forget();
    say("Everything is forgotten.");
  });
})();

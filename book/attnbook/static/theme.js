// Runs before the page is shown: light, dark or as the system. Where storage is refused, a choice lasts for the page.
"use strict";

const choices = {
  recall(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // refused
    }
  },
  keep(name, choice) {
    try {
      localStorage.setItem(name, choice);
    } catch { /* refused */ }
  },
};

(() => {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let mode = choices.recall("mode") ?? "auto";

  function show() {
    page.dataset.mode = mode;
    page.dataset.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
  }

  show();
  dark.addEventListener("change", show);

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".theme-button")) return;
    const order = dark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"]; // the first press changes something
    mode = order[(order.indexOf(mode) + 1) % order.length];
    show();
    choices.keep("mode", mode);
  });
})();

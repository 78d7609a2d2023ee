// Runs before the page is shown: light, dark or as the system. Where storage is refused, the choice lasts for the page.
"use strict";

(() => {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let mode = "auto";

  function show() {
    page.dataset.mode = mode;
    page.dataset.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
  }

  try {
    mode = localStorage.getItem("mode") ?? mode;
  } catch { /* refused */ }
  show();
  dark.addEventListener("change", show);

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".theme-button")) return;
    const order = dark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"]; // the first press changes something
    mode = order[(order.indexOf(mode) + 1) % order.length];
    show();
    try {
      localStorage.setItem("mode", mode);
    } catch { /* refused */ }
  });
})();

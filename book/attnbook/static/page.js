// What every page can do with a script: drawers, search keys, copying code, printing.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The contents and "On this page" are drawers on narrow windows and columns on wide ones.
  const columns = { contents: matchMedia("(min-width: 992px)"), sections: matchMedia("(min-width: 1400px)") };

  for (const [id, wide] of Object.entries(columns)) {
    const drawer = document.getElementById(id);
    const button = document.querySelector(`[popovertarget="${id}"]`);
    if (!drawer) continue;
    const close = () => drawer.matches(":popover-open") && drawer.hidePopover();
    const say = () => button.setAttribute("aria-expanded", drawer.checkVisibility());
    say();
    drawer.addEventListener("beforetoggle", (event) => button.setAttribute("aria-expanded", event.newState === "open"));
    wide.addEventListener("change", () => {
      close();
      say();
    });
    button.addEventListener("click", (event) => {
      if (!wide.matches) return; // the browser opens and closes a popover
      event.preventDefault();
      drawer.classList.toggle("closed");
      say();
    });
    drawer.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#"]');
      if (!link || !drawer.matches(":popover-open")) return;
      close();
      // The keyboard goes on where the reader wanted to be.
      const chosen = document.getElementById(link.hash.slice(1)) ?? document.getElementById("main-content");
      chosen.tabIndex = -1;
      chosen.focus({ preventScroll: true });
    });
    drawer.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !drawer.contains(event.relatedTarget)) close();
    });
  }

  // The section that is being read is marked in "On this page".
  const links = new Map(all("#sections a").map((link) => [link.hash.slice(1), link]));
  const reading = new IntersectionObserver((entries) => {
    const section = entries.findLast((entry) => entry.isIntersecting)?.target;
    if (!section) return;
    all("#sections a[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
    links.get(section.id).setAttribute("aria-current", "true");
  }, { rootMargin: "-48px 0px -70% 0px" });
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section) reading.observe(section);
  }

  // "/" and Ctrl+K (⌘K) lead to the search.
  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    const writing = event.target.closest?.("textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])");
    const slash = event.key === "/" && !control && !event.altKey && !writing;
    if (!slash && !(event.key.toLowerCase() === "k" && control && !event.altKey && !event.shiftKey)) return;
    const field = document.querySelector("input[type=search]");
    event.preventDefault();
    if (!field.checkVisibility()) document.querySelector(".contents-button").click();
    field.focus();
    field.select();
  });

  // Code can be copied. The button floats: the first line makes room for it.
  const [copyIcon, doneIcon] = document.getElementById("copy-icons").content.children;
  for (const code of all("article .highlight > pre")) {
    if (code.closest(".cell_output")) continue;
    const button = document.createElement("button");
    const show = (label, icon) => {
      button.ariaLabel = button.title = label;
      button.replaceChildren(icon.cloneNode(true));
    };
    button.type = "button";
    button.className = "copy";
    show("Copy this code", copyIcon);
    button.addEventListener("click", async () => {
      const done = await copyText(code.textContent);
      show(done ? "Copied" : "Not copied: the browser does not allow it", done ? doneIcon : copyIcon);
      setTimeout(() => show("Copy this code", copyIcon), 2000);
    });
    code.prepend(button);
  }

  // Folded parts print as the reader left them, or all open.
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".print");
    if (!button) return;
    const opened = button.matches(".open-all") ? all("article details:not([open])") : [];
    opened.forEach((part) => part.open = true);
    addEventListener("afterprint", () => opened.forEach((part) => part.open = false), { once: true });
    print();
  });

  // What scrolls sideways by itself can be reached with the keyboard.
  function reachScrollers() {
    for (const box of all("article :is(.math, .formula), .pst-scrollable-table-container")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  addEventListener("load", reachScrollers);
  addEventListener("resize", reachScrollers);
})();

// Also where the clipboard is refused; says whether it is done.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text); // needs https, or this machine
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

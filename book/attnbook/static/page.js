// What every page can do with a script: drawers, search keys, copying code, printing.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The contents and "On this page" are drawers on narrow windows and columns on wide ones.
  const columns = { contents: matchMedia("(min-width: 992px)"), sections: matchMedia("(min-width: 1400px)") };

  const main = document.getElementById("main-content");
  const PRESS = 300; // milliseconds in which a press is over
  let pressing = false;
  addEventListener("pointerdown", () => (pressing = true), true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => (pressing = false), PRESS), true);

  for (const [id, wide] of Object.entries(columns)) {
    const drawer = document.getElementById(id);
    const button = document.querySelector(`[popovertarget="${id}"]`);
    if (!drawer) continue;
    const close = () => drawer.matches(":popover-open") && drawer.hidePopover();
    // Told by what was asked for, not by what is laid out: that would lay out the whole page once more while it loads.
    const shown = () => (wide.matches ? !drawer.classList.contains("closed") : drawer.matches(":popover-open"));
    const say = () => button.setAttribute("aria-expanded", shown());
    // As long as a button belongs to a popover, the browser tells of that alone, and calls an open column closed.
    const fit = () => {
      close();
      button.popoverTargetElement = wide.matches ? null : drawer;
      say();
    };
    fit();
    drawer.addEventListener("beforetoggle", (event) => button.setAttribute("aria-expanded", event.newState === "open"));
    // A press that closes a drawer presses nothing beneath it: a browser would pass it on, to a link for instance.
    drawer.addEventListener("beforetoggle", ({ newState }) => {
      main.inert = newState === "open" || pressing;
      if (newState === "closed") setTimeout(() => (main.inert = Boolean(document.querySelector(".side:popover-open"))), PRESS);
    });
    wide.addEventListener("change", fit);
    button.addEventListener("click", () => {
      if (!wide.matches) return; // the browser opens and closes a popover
      drawer.classList.toggle("closed");
      say();
    });
    drawer.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#"]');
      if (!link || !drawer.matches(":popover-open")) return;
      close();
      // The keyboard goes on where the reader wanted to be, once the browser has gone there.
      const section = document.getElementById(link.hash.slice(1)) ?? document.getElementById("main-content");
      const chosen = section.querySelector("h1, h2, h3, h4") ?? section; // a screen reader says what has the focus
      chosen.tabIndex = -1;
      main.inert = false;
      setTimeout(() => chosen.focus({ preventScroll: true }));
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

  // "/" and Ctrl+K (⌘K) lead to the search, Escape back; who dictates or slips can switch "/" off.
  const field = document.querySelector("input[type=search]");
  const slashKey = document.querySelector(".slash input");
  let origin = null; // where the reader was
  const tellKeys = () => field.setAttribute("aria-keyshortcuts", slashKey.checked ? "/ Control+K" : "Control+K");
  slashKey.checked = choices.recall("slash") !== "off";
  tellKeys();
  slashKey.addEventListener("change", () => {
    choices.keep("slash", slashKey.checked ? "on" : "off");
    tellKeys();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !field.value) origin?.focus();
  });
  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    const writing = event.target.closest?.("textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])");
    const slash = event.key === "/" && slashKey.checked && !control && !event.altKey && !writing;
    if (!slash && !(event.key.toLowerCase() === "k" && control && !event.altKey && !event.shiftKey)) return;
    event.preventDefault();
    if (document.activeElement !== field) origin = document.activeElement;
    if (!field.checkVisibility()) document.querySelector(".contents-button").click();
    field.focus();
    field.select();
  });

  // Code can be copied. The button floats: the first line makes room for it.
  const [copyIcon, doneIcon] = document.getElementById("copy-icons").content.children;
  for (const code of all("article .highlight > pre")) {
    if (code.closest(".cell_output")) continue;
    const button = document.createElement("button");
    const show = (icon) => button.replaceChildren(icon.cloneNode(true));
    button.type = "button";
    button.className = "copy";
    button.title = "Copy this code"; // its name, too
    show(copyIcon);
    button.addEventListener("click", async () => {
      if (await copyText(code.textContent)) show(doneIcon);
      setTimeout(show, 2000, copyIcon);
    });
    code.prepend(button);
  }

  // A link into a closed part opens it: not every browser does by itself.
  function openTo(address) {
    const place = document.getElementById(decodeURIComponent(address.slice(1)));
    if (!place) return;
    const own = place.querySelector(":scope > details.deeper"); // a link to a section that is closed
    let closed = own ?? place.closest("details:not([open])");
    for (; closed; closed = closed.parentElement.closest("details:not([open])")) closed.open = true;
    place.scrollIntoView();
  }
  openTo(location.hash);
  addEventListener("hashchange", () => openTo(location.hash));

  // Folded parts print as the reader left them, or all open.
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".print");
    if (!button) return;
    const opened = button.matches(".open-all") ? all("article details:not([open])") : [];
    opened.forEach((part) => part.open = true);
    addEventListener("afterprint", () => opened.forEach((part) => part.open = false), { once: true });
    print();
  });

  // What scrolls sideways by itself can be reached with the keyboard, and then has a name.
  function reachScrollers() {
    for (const box of all("article :is(.math, .formula, .columns), .pst-scrollable-table-container")) {
      const scrolls = box.scrollWidth > box.clientWidth;
      const kind = box.matches("pre") ? "Columns" : box.querySelector("table") ? "Table" : "Formula";
      const attributes = { tabindex: 0, role: "group", "aria-label": `${kind}, scrolls sideways` };
      for (const [attribute, value] of Object.entries(attributes)) {
        if (scrolls) box.setAttribute(attribute, value);
        else box.removeAttribute(attribute);
      }
    }
  }
  addEventListener("load", reachScrollers);
  addEventListener("resize", reachScrollers);
})();

// A word on what a button has done: shown for a moment, and said.
const notice = document.createElement("p");
notice.className = "notice";
notice.setAttribute("role", "status");
document.body.append(notice);

function tell(words) {
  notice.textContent = words;
  clearTimeout(tell.over);
  tell.over = setTimeout(() => (notice.textContent = ""), Math.max(4000, 100 * words.length)); // time to read it
}

// Also where the clipboard is refused; tells the reader, and the caller, whether it is done.
async function copyText(text) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text); // needs https, or this machine
  } catch {
    done = copyByCommand(text);
  }
  tell(done ? "Copied" : "Not copied: the browser does not allow it");
  return done;
}

function copyByCommand(text) {
  const field = document.createElement("textarea"), focused = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused.focus();
  return done;
}

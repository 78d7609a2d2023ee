// Where the reader stopped: the last heading of a chapter in or above the upper third of a window that stands still.
"use strict";

(() => {
  const SECONDS = 3;
  const page = location.pathname.split("/").pop().replace(/\.html$/, "");
  const headings = [...document.querySelectorAll("article section :is(h2, h3)")];
  let timer;

  // A closed section is not read.
  const passed = () => headings.findLast(
    (heading) => !heading.closest("details:not([open])") && heading.getBoundingClientRect().top < innerHeight / 3,
  );

  function keep() {
    const heading = document.hidden ? null : passed();
    if (!heading) return;
    const words = heading.cloneNode(true);
    words.querySelector(".headerlink")?.remove();
    record.keepPlace({ page, section: heading.closest("section").id, title: words.textContent.trim() });
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(keep, 1000 * SECONDS);
  }

  if (!headings.length) return;
  for (const event of ["scroll", "pageshow"]) addEventListener(event, wait, { passive: true });
})();

// Where the reader stopped: the last heading of a chapter that was in the upper part of the window for some seconds.
"use strict";

(() => {
  const SECONDS = 3;
  const page = location.pathname.split("/").pop().replace(/\.html$/, "");
  const timers = new Map();

  function keep(heading) {
    if (document.hidden || heading.closest("details:not([open])")) return; // a closed section is not read
    const words = heading.cloneNode(true);
    words.querySelector(".headerlink")?.remove();
    record.keepPlace({ page, section: heading.closest("section").id, title: words.textContent.trim() });
  }

  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(timers.get(target));
      if (isIntersecting) timers.set(target, setTimeout(keep, 1000 * SECONDS, target));
    }
  }, { rootMargin: "0px 0px -66% 0px" });
  document.querySelectorAll("article section :is(h2, h3)").forEach((heading) => watch.observe(heading));
})();

// Explorers on the page: a moved control shows another frame and its sentence. No library, no server.
"use strict";

(() => {
  const phone = window.matchMedia("(max-width: 767px)");
  const fetched = new Map(); // address -> image, so that a stop already seen switches at once
  const KEEP = 400;

  function fetchAhead(address) {
    if (fetched.has(address)) return;
    const image = new Image();
    image.src = address;
    image.decode().catch(() => fetched.delete(address)); // offline for a moment: try again next time
    fetched.set(address, image);
    if (fetched.size > KEEP) fetched.delete(fetched.keys().next().value);
  }

  class Explorer {
    constructor(figure) {
      this.figure = figure;
      this.image = figure.querySelector("img");
      this.phoneSource = figure.querySelector("picture source");
      this.output = figure.querySelector("output");
      this.readouts = JSON.parse(figure.querySelector("script").textContent);
      this.controls = [...figure.querySelectorAll(".controls input, .controls select")];
      this.sizes = this.controls.map((control) =>
        control.type === "checkbox" ? 2 : control.type === "range" ? Number(control.max) + 1 : control.options.length);
      this.last = this.positions();
      this.controls.forEach((control) => control.addEventListener("input", () => this.show()));
      figure.addEventListener("pointerenter", () => this.lookAhead(), { once: true });
      figure.addEventListener("focusin", () => this.lookAhead(), { once: true });
      figure.addEventListener("touchstart", () => this.lookAhead(), { once: true, passive: true });
    }

    positions() {
      return this.controls.map((control) => (control.type === "checkbox" ? Number(control.checked) : Number(control.value)));
    }

    // The frames are numbered with the last control running fastest.
    state(positions) {
      return positions.reduce((state, position, i) => state * this.sizes[i] + position, 0);
    }

    address(state, layout) {
      return `${this.figure.dataset.frames}${layout}-${state}.webp`;
    }

    show() {
      const positions = this.positions();
      const state = this.state(positions);
      this.controls.forEach((control, i) => {
        if (control.type !== "range") return;
        const text = JSON.parse(control.dataset.texts)[positions[i]];
        control.setAttribute("aria-valuetext", text);
        control.parentElement.querySelector(".value").textContent = text;
      });
      this.phoneSource.srcset = this.address(state, "narrow");
      this.image.src = this.address(state, "wide");
      this.image.alt = this.readouts[state];
      this.output.textContent = this.readouts[state];
      this.lookAhead(positions);
      this.last = positions;
    }

    // Every single step away, and further along the control that the hand is moving.
    lookAhead(positions = this.positions()) {
      const layout = phone.matches ? "narrow" : "wide";
      positions.forEach((position, i) => {
        const direction = Math.sign(position - this.last[i]);
        const steps = direction ? [1, 2, 3, 4, 5, 6].map((n) => n * direction).concat(-direction) : [1, -1];
        steps
          .map((step) => position + step)
          .filter((next) => next >= 0 && next < this.sizes[i])
          .forEach((next) => fetchAhead(this.address(this.state(positions.with(i, next)), layout)));
      });
    }
  }

  function start() {
    document.querySelectorAll("figure.explorer").forEach((figure) => new Explorer(figure));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

// Models that the reader trains: the page asks Python for one slice of training after the other; Pause is not asking.
"use strict";

const SLICE = 0.35; // seconds of training between two pictures: about two pictures a second
const LOOKBACK = 8; // slices of which the pace is the mean

const spoken = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);

class Training {
  constructor(figure) {
    this.figure = figure;
    this.known = JSON.parse(figure.querySelector("script").textContent); // stops, live settings, recorded pictures
    this.steps = Number(figure.dataset.steps);
    this.picture = new Picture(figure.querySelector(".stage"));
    for (const part of ["output", "progress", ".pace", ".go", ".anew"]) this[part.replace(".", "")] = figure.querySelector(part);
    this.forecast = this.pace.textContent;
    this.step = 0;
    this.controls = [...figure.querySelectorAll(".control :is(input, select)")];
    this.controls.forEach((control) => {
      const typed = control.type === "text";
      control.addEventListener(typed ? "change" : "input", () => !typed && this.moved(control));
      if (control.type === "range") keepWhileScrolling(control, () => this.moved(control));
      if (!typed) return;
      const read = () => this.read();
      control.addEventListener("keydown", ({ key }) => key === "Enter" && read());
      control.parentElement.querySelector(".read").addEventListener("click", read);
    });
    this.go.addEventListener("click", () => (this.running ? this.pause() : this.done ? this.startAnew() : this.train()));
    this.anew.addEventListener("click", () => this.startAnew());
    document.addEventListener("python-ended", () => this.session && this.forget("Python has ended, and this run with it."));
    this.recorded();
    this.write();
  }

  get narrow() {
    return onPhone;
  }

  get values() {
    return this.valuesOf(this.controls);
  }

  valuesOf(controls) {
    return Object.fromEntries(controls.map((control) => [control.name, this.valueOf(control)]));
  }

  valueOf(control) {
    if (control.type === "checkbox") return control.checked;
    return control.type === "text" ? control.value : this.known.stops[control.name][control.value];
  }

  isLive(control) {
    return this.known.live.includes(control.name);
  }

  // The picture of the run that was recorded, until there is one of the reader's.
  recorded() {
    this.picture.show(this.known.lines[this.narrow ? "narrow" : "wide"], this.output.textContent);
  }

  moved(control) {
    if (control.type === "range") writeValue(control);
    if (this.isLive(control)) return this.change();
    if (!this.session) return;
    this.over = true; // the next run begins with this; the one that is there stays as a faint line
    this.pause();
    this.pace.textContent = `This run has ended at step ${this.step.toLocaleString("en")}. Start begins another with the new setting.`;
  }

  // ---- Runs

  async train() {
    const turn = (this.turn = {}); // whoever presses again begins another turn
    this.running = true;
    this.marks = [];
    this.write();
    await this.whileItLasts(async () => {
      if (!this.session || this.over) await this.begin();
      while (this.turn === turn && !this.done) {
        this.marks.push([performance.now(), this.step]);
        this.show(await python.ask("training.advance", { session: this.session, seconds: SLICE, narrow: this.narrow }));
      }
    });
    if (this.turn === turn) this.pause();
  }

  pause() {
    this.turn = null;
    this.running = false;
    this.write();
  }

  startAnew() {
    this.over = true;
    this.train();
  }

  // What is changed while a run begins counts as soon as it has begun.
  async begin() {
    const after = this.session ?? null;
    this.session = null;
    const { session, ...shown } = await python.ask("training.begin",
      { source: this.figure.dataset.source, values: this.values, narrow: this.narrow, after });
    this.session = session ?? after;
    this.over &&= !session;
    this.show(shown);
    if (this.again) this.change();
  }

  // Live settings: those of the last moment count, for the next slice.
  async change() {
    if (!this.session || this.changing) return void (this.again = true);
    this.changing = true;
    await this.whileItLasts(async () => {
      do {
        this.again = false;
        this.show(await python.ask("training.change", { session: this.session, values: this.liveValues, narrow: this.narrow }));
      } while (this.again);
    });
    this.changing = false;
  }

  // The reader's text is read by the model as it stands; while there is none, by the stored one.
  read() {
    if (this.session) return this.change();
    return this.whileItLasts(async () => {
      const { source } = this.figure.dataset;
      const { readout, refused } = await python.ask("training.beforehand", { source, values: this.liveValues });
      this.output.textContent = refused ? `Not read: ${refused}.` : readout;
    });
  }

  get liveValues() {
    return this.valuesOf(this.controls.filter((control) => this.isLive(control)));
  }

  async whileItLasts(work) {
    try {
      await work();
    } catch (error) {
      this.forget(error instanceof Ended ? error.message : `Python has failed: ${error.message}.`);
    }
  }

  forget(why) {
    Object.assign(this, { session: null, over: false, done: false, step: 0 });
    this.pause();
    this.output.textContent = `${why} Start begins another run.`;
  }

  // ---- What is seen

  show({ step, done, readout, lines, refused, fault }) {
    if (refused) {
      this.output.textContent = `Not read: ${refused}.`;
      return this.running && this.pause();
    }
    Object.assign(this, { step, done });
    this.picture.show(lines, readout);
    this.output.textContent = fault ? `${fault} Start anew with a lower learning rate.` : readout;
    if (fault) this.pause();
    this.write();
  }

  write() {
    const fresh = !this.session || this.over || !this.step;
    this.go.textContent = this.running ? "Pause" : fresh ? "Start" : this.done ? "Start anew" : "Go on";
    this.anew.hidden = fresh || (this.done && !this.running);
    this.progress.value = this.step;
    this.pace.textContent = this.paceNow(fresh);
    this.output.setAttribute("aria-busy", this.running ? "true" : "false"); // a screen reader waits until it rests
  }

  paceNow(fresh) {
    if (!this.running) {
      if (fresh) return this.measured ? `At the pace of the run before, ${this.steps.toLocaleString("en")} steps take ${spoken(this.steps / this.measured)}.` : this.forecast;
      return `${this.done ? "Ended" : "Paused"} at step ${this.step.toLocaleString("en")} of ${this.steps.toLocaleString("en")}.`;
    }
    const [from] = this.marks.slice(-LOOKBACK);
    const rate = from && (this.step - from[1]) / (performance.now() - from[0]) * 1000;
    if (!rate) return this.forecast;
    this.measured = rate;
    const left = spoken((this.steps - this.step) / rate);
    return `Step ${this.step.toLocaleString("en")} of ${this.steps.toLocaleString("en")}, ${rate.toFixed(rate < 10 ? 1 : 0)} steps a second, ${left} to go.`;
  }

  fit() {
    if (!this.session) return this.recorded();
    this.whileItLasts(async () => this.show(await python.ask("training.show", { session: this.session, narrow: this.narrow })));
  }
}

{
  const found = [...document.querySelectorAll("figure.training")];
  if (!MAY_FETCH) found.forEach((figure) => { figure.querySelector(".run").remove(); stay(figure); });
  const trainings = MAY_FETCH ? found.map((figure) => new Training(figure)) : [];
  PHONE.addEventListener("change", () => setTimeout(() => trainings.forEach((training) => training.fit()), 2 * SETTLED));
}

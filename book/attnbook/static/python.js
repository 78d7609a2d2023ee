// Python for a page, started when its reader first asks for it: one worker, which all figures and exercises share.
"use strict";

const SITE = new URL("..", document.currentScript.src); // this script stands in _static/
const MEGA = 1e6;

// Python has ended before it answered: cancelled, stopped, or lost.
class Ended extends Error {}

class Python {
  constructor() {
    this.waiting = new Map(); // number of a question -> how to settle it
    this.asked = 0;
  }

  // `ask` is a room and a function of attncourse.page, `args` its arguments; `onTell` gets what it says on its way.
  // Rejects with Ended if Python ends before; with another error if the course's own code fails.
  async ask(ask, args = {}, onTell = () => {}) {
    await this.start();
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onTell });
      this.worker.postMessage({ id, ask, args: JSON.stringify(args) });
    });
  }

  start() {
    this.bar ??= new Bar(() => this.end("Python was cancelled."));
    return (this.started ??= this.boot());
  }

  async boot() {
    const root = new URL("_python/", SITE);
    const started = new AbortController();
    this.starting = started;
    try {
      this.bar.show("Python: looking for its files");
      const response = await fetch(new URL("python.json", root), { cache: "no-cache", signal: started.signal });
      if (!response.ok) throw new Error(`python.json: ${response.status}`);
      const described = await response.json();
      const worker = new Worker(new URL(described.worker, root));
      worker.addEventListener("message", ({ data }) => this.heard(data));
      worker.addEventListener("error", (event) => this.end(`Python was lost: ${event.message || "its files cannot be fetched"}.`));
      worker.postMessage({ described, root: root.href });
      Object.assign(this, { worker, described });
    } catch (error) {
      this.end(started.signal.aborted ? "Python was cancelled." : `Python cannot start: ${error.message}.`);
      throw new Ended(this.why);
    }
  }

  heard({ id, answer, told, bytes, loading, ready, lost }) {
    if (lost) return this.end(`Python was lost: ${lost}.`);
    if (loading) this.loading = loading;
    if (bytes) this.arrived(bytes);
    if (ready) {
      this.ready = true;
      this.bar.hide();
    }
    const question = this.waiting.get(id);
    if (!question) return;
    if (told !== undefined) return question.onTell(told);
    this.waiting.delete(id);
    const { result, error, trace } = JSON.parse(answer);
    if (error === undefined) return question.resolve(result);
    question.reject(Object.assign(new Error(error), { trace }));
  }

  arrived(bytes) {
    const due = this.described.bytes;
    const total = due && this.loading.reduce((sum, part) => sum + due[part], 0);
    const what = this.loading.includes("drawing") ? "Python, NumPy and Matplotlib" : "Python and NumPy";
    const megabytes = (bytes / MEGA).toFixed(1);
    if (total && bytes >= total) this.bar.show("Starting Python");
    else this.bar.show(`Loading ${what}: ${megabytes}${total ? ` of ${(total / MEGA).toFixed(0)}` : ""} MB`, total && bytes / total);
  }

  // End the worker and all that waits for it; the next question starts another.
  end(why) {
    this.why = why;
    this.starting?.abort();
    this.worker?.terminate();
    Object.assign(this, { worker: null, started: null, ready: false, starting: null });
    this.bar?.hide();
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    waiting.forEach(({ reject }) => reject(new Ended(why)));
    document.dispatchEvent(new CustomEvent("python-ended"));
  }
}

// What is being loaded, in words and bytes, with a way out; gone when Python answers.
class Bar {
  constructor(cancel) {
    this.box = document.createElement("aside");
    this.box.className = "python-bar";
    this.box.setAttribute("aria-label", "Python");
    this.box.hidden = true;
    this.words = document.createElement("span");
    this.progress = document.createElement("progress");
    this.progress.setAttribute("aria-label", "Loaded");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Cancel";
    button.addEventListener("click", cancel);
    this.status = document.createElement("span"); // said aloud once, not at every chunk
    this.status.className = "unseen";
    this.status.setAttribute("role", "status");
    this.box.append(this.words, this.progress, button);
    document.body.append(this.box, this.status);
  }

  show(words, share) {
    if (this.box.hidden) this.status.textContent = "Python is being loaded.";
    this.box.hidden = false;
    this.words.textContent = words;
    if (share) this.progress.value = Math.min(share, 1);
    else this.progress.removeAttribute("value");
  }

  hide() {
    if (!this.box.hidden) this.status.textContent = "";
    this.box.hidden = true;
  }
}

const python = new Python();

// A field for code: a plain text field, until the reader first goes to one on the page; then all become editors with
// Python's colours, if the browser can fetch them. Text, callbacks and Ctrl+Enter are the same in both.
"use strict";

const MAC = /Mac|iP/.test(navigator.platform);
const RUN_KEYS = MAC ? "⌘+Enter" : "Ctrl+Enter";
const EDITOR_KEYS = `Tab indents; Escape, then Tab, leaves the editor. ${RUN_KEYS} runs the code.`;

// Whether the Tab key was what the reader used last: then it leads through an editor and on.
let tabbed = false;
for (const type of ["keydown", "pointerdown"]) {
  document.addEventListener(type, (event) => (tabbed = event.key === "Tab"), true);
}

class CodeField {
  static all = [];
  static coming = null;

  // `run`: at Ctrl+Enter; `changed`: after every change. What the field's aria-describedby names is filled in.
  constructor(textarea, { run, changed }) {
    Object.assign(this, { textarea, run, changed, editor: null });
    this.keys = document.getElementById(textarea.getAttribute("aria-describedby"));
    const coming = document.body.dataset.editor; // it says at once what holds then, so that nothing moves at the first press
    this.keys.textContent = coming ? EDITOR_KEYS : `${RUN_KEYS} runs the code.`;
    textarea.addEventListener("input", changed);
    textarea.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(MAC ? event.metaKey : event.ctrlKey)) return;
      event.preventDefault();
      run();
    });
    if (coming) textarea.addEventListener("focus", () => CodeField.fetchEditor());
    CodeField.all.push(this);
  }

  // Where it cannot be fetched the plain fields stay, and the next focus tries again.
  static fetchEditor() {
    CodeField.coming ??= import(new URL(document.body.dataset.editor, document.baseURI)).then(
      ({ createEditor }) => CodeField.all.forEach((field) => field.become(createEditor)),
      () => {
        CodeField.coming = null;
        CodeField.all.forEach(({ keys }) => (keys.textContent = `${RUN_KEYS} runs the code.`));
      },
    );
  }

  become(createEditor) {
    const { textarea, run, changed } = this;
    const focused = document.activeElement === textarea;
    this.editor = createEditor({
      parent: textarea.parentElement,
      text: textarea.value,
      selection: { anchor: textarea.selectionStart, head: textarea.selectionEnd },
      label: textarea.getAttribute("aria-label"),
      describedBy: this.keys.id,
      run,
      changed,
      passing: () => tabbed,
    });
    this.keys.textContent = EDITOR_KEYS; // after a first try that failed it says something else
    textarea.hidden = true;
    if (focused) this.editor.focus();
  }

  get text() {
    return this.editor ? this.editor.text : this.textarea.value;
  }

  set text(text) {
    if (this.editor) return void (this.editor.text = text); // it calls `changed` itself
    this.textarea.value = text;
    this.changed();
  }

  focus() {
    (this.editor ?? this.textarea).focus();
  }
}

// The reader's code in CodeMirror: Python's colours and indentation, the course's look, keys that lead out again.
import { EditorState } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, highlightSpecialChars, keymap } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  HighlightStyle, LRLanguage, bracketMatching, ensureSyntaxTree, indentOnInput, indentService, indentUnit,
  syntaxHighlighting, syntaxTree,
} from "@codemirror/language";
import { parser } from "@lezer/python";
import { tags } from "@lezer/highlight";

const python = LRLanguage.define({
  name: "python",
  parser,
  languageData: { commentTokens: { line: "#" }, indentOnInput: /^\s*[)\]}]$/ },
});

// Typing waits at most 20 ms for the parser, which a busy machine can use up before it has begun. The reader's code is
// short: where a line's depth is asked for, the parser is waited for.
const PATIENCE = 1000;
const treeUpTo = (state, position) => ensureSyntaxTree(state, position, PATIENCE) ?? syntaxTree(state);

function isInString(state, position) {
  const node = treeUpTo(state, position).resolveInner(position, -1);
  return /String$/.test(node.name) && node.from < position && position < node.to;
}

// The places of the brackets that are open at a position, the outermost first.
function openBrackets(state, position) {
  let places = [];
  for (let node = treeUpTo(state, position).resolveInner(position, -1); node; node = node.parent) {
    const open = [];
    for (let child = node.firstChild; child && child.from < position; child = child.nextSibling) {
      if ("([{".includes(child.name)) open.push(child.from);
      else if (")]}".includes(child.name)) open.pop();
    }
    places = [...open, ...places];
  }
  return places;
}

// Within brackets a line goes on below what follows the bracket, or one step in if nothing does; a closing bracket goes
// below its opening one, or below the start of that one's line.
function depthWithin(context, bracket, position) {
  const line = context.lineAt(bracket, -1);
  const rest = line.text.slice(bracket + 1 - line.from);
  const follows = /^\s*[^\s#]/.test(rest);
  if (/^\s*[)\]}]/.test(context.textAfterPos(position))) return follows ? context.column(bracket) : context.lineIndent(bracket);
  return follows ? context.column(bracket + 1 + rest.search(/\S/)) : context.lineIndent(bracket) + context.unit;
}

// Outside brackets a line is as deep as the statement before it, and deeper after a colon; a string's lines stay as they are.
const depth = indentService.of((context, position) => {
  const { state } = context;
  if (isInString(state, position)) return null;
  const bracket = openBrackets(state, position).at(-1);
  if (bracket !== undefined) return depthWithin(context, bracket, position);
  const before = context.lineAt(position, -1);
  const start = openBrackets(state, before.from + before.text.search(/\S|$/))[0] ?? before.from;
  const opens = /:\s*(#.*)?$/.test(before.text);
  return context.lineIndent(start) + (opens ? context.unit : 0);
});

// The classes that the page's own code has, so that both have the same colours.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.null, tags.bool], class: "k" },
  { tag: [tags.string, tags.special(tags.string)], class: "s" },
  { tag: tags.number, class: "m" },
  { tag: tags.lineComment, class: "c1" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], class: "nf" },
]);

const look = EditorView.theme({
  "&": { background: "none" },
  "&.cm-focused": { outline: "none" }, // the frame around it shows the focus
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit" },
  ".cm-content": { padding: "0", caretColor: "currentColor" },
  ".cm-line": { padding: "0 0 0 var(--rest)" },
  "&.cm-focused .cm-matchingBracket": { background: "none", outline: "1px solid var(--accent)" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "none", outline: "1px solid var(--fails)" },
});

// A line that does not fit goes on further in than it began, by the classes that the page's own code has.
const DEEPEST = 3;
const hanging = [...Array(DEEPEST + 1).keys()].map((depth) => Decoration.line({ class: depth ? `line in-${depth}` : "line" }));

function hangingLines(view) {
  const marks = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      marks.push(hanging[Math.min(Math.ceil(line.text.search(/\S|$/) / 4), DEEPEST)].range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(marks);
}

const wrapped = ViewPlugin.define(
  (view) => ({
    decorations: hangingLines(view),
    update(change) {
      if (change.docChanged || change.viewportChanged) this.decorations = hangingLines(change.view);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

// Tab indents, but who goes through the page with it goes on, until something is written; Escape lets it lead on, too.
const leave = (passing) => [
  keymap.of([{ key: "Escape", run: (view) => (view.setTabFocusMode(true), true) }]),
  EditorView.domEventHandlers({ focus: (event, view) => view.setTabFocusMode(passing()) }),
  EditorView.updateListener.of(({ view, docChanged, transactions }) => {
    if (docChanged || transactions.some((one) => one.isUserEvent("select"))) view.setTabFocusMode(false);
  }),
];

// `parent`: where it goes; `label`, `describedBy`: what a screen reader says; `run`, `changed`: called without arguments;
// `passing`: says whether the focus comes by the Tab key.
export function createEditor({ parent, text, selection, label, describedBy, run, changed, passing }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      selection,
      extensions: [
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          indentWithTab,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        leave(passing),
        history(),
        highlightSpecialChars(),
        python,
        depth,
        indentUnit.of("    "),
        indentOnInput(),
        bracketMatching(),
        syntaxHighlighting(colours),
        EditorView.lineWrapping,
        wrapped,
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, autocapitalize: "off" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
        look,
      ],
    }),
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) { // as one step that can be undone
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
  };
}

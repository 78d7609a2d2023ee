// Python in a Web Worker: loads Pyodide and the course's wheel, then answers one question after the other.
"use strict";

let described, root, pyodide, page;
let counted = 0; // bytes that have arrived
const loaded = new Set(); // parts
const DRAWS = /^(figures|training)\./; // what is known to draw before Python is there to say it
const say = (message) => postMessage(message);
// The sizes of PostScript's letters: nothing is drawn with them here, and Matplotlib would read them all at its start.
const SPARE = `
import shutil, sysconfig
for kind in ("afm", "pdfcorefonts"):
    shutil.rmtree(f"{sysconfig.get_path('purelib')}/matplotlib/mpl-data/fonts/{kind}", ignore_errors=True)`;

// Pyodide fetches all by itself: what passes here is counted on its way.
const plainFetch = self.fetch;
self.fetch = async (...request) => {
  const response = await plainFetch(...request);
  if (!response.body) return response;
  const count = new TransformStream({
    transform(chunk, through) {
      counted += chunk.byteLength;
      say({ bytes: counted });
      through.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  const counting = new Response(response.body.pipeThrough(count), { status, statusText, headers });
  Object.defineProperty(counting, "url", { value: response.url });
  return counting;
};

const at = (address) => new URL(address, root).href;
// Packages by their names in the lock file, and wheels by their addresses.
const allOf = (parts) => parts.flatMap((part) => described.parts[part]).map((name) => (name.endsWith(".whl") ? at(name) : name));
const quietly = { messageCallback() {} };

// All at once, for packages arrive while Python itself is still being made.
async function start(parts) {
  say({ loading: parts });
  importScripts(at(described.pyodide + "pyodide.js"));
  pyodide = await loadPyodide({
    indexURL: at(described.pyodide),
    stdLibURL: at(described.library),
    lockFileURL: at(described.lock),
    env: { MPLBACKEND: "agg", HOME: "/home/pyodide" },
    packages: allOf(parts),
  });
  page = pyodide.pyimport("attncourse.page");
  parts.forEach(arrived);
}

function arrived(part) {
  loaded.add(part);
  if (part === "drawing") pyodide.runPython(SPARE);
}

async function load(part) {
  if (loaded.has(part)) return;
  say({ loading: [...loaded, part] });
  await pyodide.loadPackage(allOf([part]), quietly);
  arrived(part);
}

async function serve({ id, ask, args }) {
  if (!pyodide) await start(DRAWS.test(ask) ? ["core", "drawing"] : ["core"]);
  await load(page.part(ask, args));
  say({ ready: true });
  say({ id, answer: page.answer(ask, args, (told) => say({ id, told })) });
}

let turn = Promise.resolve();
onmessage = ({ data }) => {
  if (data.described) return ({ described, root } = data);
  turn = turn.then(() => serve(data)).catch((error) => say({ lost: String(error) }));
};

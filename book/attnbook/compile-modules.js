// Runs a Python script in Pyodide on Node.js, so that what it compiles is what a page's Python reads:
// node compile-modules.js PYODIDE SCRIPT FOLDER NAME …
"use strict";

const fs = require("fs");
const [pyodideFolder, script, folder, ...names] = process.argv.slice(2);
const { loadPyodide } = require(`${pyodideFolder}/pyodide.js`);

const options = { args: [script, "/archives", ...names], env: { HOME: "/", MPLBACKEND: "agg", PYTHONHASHSEED: "0" } };
loadPyodide({ indexURL: pyodideFolder, ...options }).then((pyodide) => {
  pyodide.FS.mkdir("/archives");
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: folder }, "/archives");
  pyodide.runPython(fs.readFileSync(script, "utf8"));
});

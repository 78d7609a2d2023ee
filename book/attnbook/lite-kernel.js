// Starts Pyodide for JupyterLite's kernel, which loads a package when a cell imports it, if the lock file knows the package:
// to Pyodide's own this adds those of the site, whose addresses are only known once the site has one.
"use strict";

self.loadPyodide = async (options) => {
  const { indexURL, stdLibURL, lockFileURL: ours } = options;
  importScripts(`${indexURL}pyodide.js`); // puts Pyodide's own function in the place of this one
  const addresses = [`${indexURL}pyodide-lock.json`, ours];
  const [lock, packages] = await Promise.all(addresses.map(async (address) => (await fetch(address)).json()));
  for (const [name, found] of Object.entries(packages)) {
    lock.packages[name] = { ...found, file_name: new URL(found.file_name, ours).href };
  }
  const lockFileURL = URL.createObjectURL(new Blob([JSON.stringify(lock)], { type: "application/json" }));
  const pyodide = await self.loadPyodide({ ...options, stdLibURL: new URL(stdLibURL, ours).href, lockFileURL });
  // At each start Matplotlib looks for its fonts anew, and says so as if something were wrong.
  pyodide.runPython("import logging; logging.getLogger('matplotlib.font_manager').setLevel(logging.ERROR)");
  return pyodide;
};

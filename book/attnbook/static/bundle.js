// All states of one figure in one layout, fetched once: each line of SVG once, and for each state which lines.
"use strict";

const MAY_FETCH = location.protocol !== "file:"; // from a folder, a browser lets a page fetch nothing
const bundles = new Map(); // address -> promise of { lines, states, readouts }

function fetchBundle(address) {
  if (!bundles.has(address)) {
    const bundle = unpack(address);
    bundle.catch(() => bundles.delete(address)); // offline for a moment: the next move tries again
    bundles.set(address, bundle);
  }
  return bundles.get(address);
}

async function unpack(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Some servers send a .gz file as gzip-encoded, and the browser has unpacked it already.
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const stream = new Blob([bytes]).stream();
  return new Response(packed ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).json();
}

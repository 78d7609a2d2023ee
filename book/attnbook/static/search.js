// Finds passages, not pages: all words must occur, in any form of their beginning; claims and the library come first.
"use strict";

(() => {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const query = (new URLSearchParams(location.search).get("q") ?? "").trim();
  const field = document.querySelector("main input[type=search]");
  const summary = document.getElementById("search-summary");
  const list = document.getElementById("search-results");
  const AT_MOST = 40;

  field.value = query;
  if (query) show();
  else field.focus();

  // A word is found at the beginning of words; "heads" finds "head" too, "2.1" no "12.1".
  function pattern(word) {
    const stem = word.length > 4 ? word.replace(/(?:es|s)$/, "") : word;
    return new RegExp(`(?<![\\p{L}\\p{N}]|\\d\\.)${stem.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u");
  }

  function found(words) {
    const patterns = words.map(pattern);
    return PASSAGES.map((passage) => {
      const title = plain(passage.title), text = plain(passage.text).replaceAll("\n", " ");
      if (!patterns.every((each) => each.test(title) || each.test(text))) return null;
      const inTitle = patterns.filter((each) => each.test(title)).length;
      const whole = title.includes(words.join(" ")) || text.includes(words.join(" "));
      // Its rank decides among passages whose titles say as much of what was asked.
      return { passage, score: 4 * (inTitle / words.length) + Number(whole) - passage.rank };
    }).filter(Boolean).sort((a, b) => b.score - a.score || a.passage.order - b.passage.order);
  }

  function show() {
    const words = plain(query).split(/[^\p{L}\p{N}._]+/u).map((word) => word.replace(/^\.+|\.+$/g, "")).filter(Boolean);
    const results = found(words);
    document.title = `${query} · ${document.title}`;
    summary.textContent = results.length
      ? `${results.length} ${results.length === 1 ? "passage" : "passages"}${results.length > AT_MOST ? `, the first ${AT_MOST} of them here` : ""}.`
      : `Nothing has ${words.length > 1 ? "all of these words" : "this word"}: “${query}”.`;
    list.replaceChildren(...results.slice(0, AT_MOST).map(({ passage }) => item(passage, words)));
  }

  function item(passage, words) {
    const entry = document.createElement("li"), link = document.createElement("a"), from = document.createElement("small");
    const [snippet, exact] = excerpt(passage.text, words);
    link.href = passage.to + (exact ? `:~:text=${encodeURIComponent(exact).replaceAll("-", "%2D")}` : "");
    link.textContent = passage.title;
    from.textContent = passage.title === passage.page ? "" : ` ${passage.page}`;
    entry.append(link, from);
    if (snippet) entry.append(snippet);
    return entry;
  }

  // Some words around the first that was asked for, and those that the browser shall look for on the page.
  function excerpt(text, words) {
    const simple = text.split("").map((sign) => plain(sign)[0] ?? sign).join(""); // as long as the text
    const at = Math.min(...words.map((word) => simple.search(pattern(word))).filter((place) => place >= 0));
    if (!Number.isFinite(at)) return [null, ""];
    const start = at < 90 ? 0 : text.slice(0, at - 80).search(/\S*$/);
    const end = Math.min(text.length, at + 150 + text.slice(at + 150).search(/\s|$/));
    const length = text.slice(at).search(/[^\p{L}\p{N}_]|$/u);
    const paragraph = document.createElement("p"), mark = document.createElement("mark");
    const said = (from, to) => text.slice(from, to).replaceAll("\n", " ");
    mark.textContent = said(at, at + length);
    paragraph.append(start ? "… " : "", said(start, at), mark, said(at + length, end), end < text.length ? " …" : "");
    return [paragraph, phrase(text, at)];
  }

  // A few words of one line: enough to be found once.
  function phrase(text, at) {
    const line = text.slice(text.lastIndexOf("\n", at) + 1).split("\n")[0];
    const before = line.slice(0, at - text.lastIndexOf("\n", at) - 1);
    const rest = line.slice(before.length).split(" ").slice(0, 8);
    const more = rest.length < 4 ? before.trim().split(" ").slice(-4) : [];
    return [...more, ...rest].join(" ").trim().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  }
})();

// What the report holds, in columns of numbers, and what of it the filters let through. One scope with the other files.
const $ = (id) => document.getElementById(id);
const parsed = new Promise((done) => addEventListener("DOMContentLoaded", done)); // the cards stand behind this script
const inflate = async (packed) => {
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  writer.write(bytes);
  writer.close();
  const pieces = [];
  const reader = stream.readable.getReader(); // piece by piece: a Response takes five times as long
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) pieces.push(piece.value);
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 0);
  return new TextDecoder().decode(whole);
};
// A block is JSON; a long one is a JSON string of it, packed.
const block = async (id) => {
  const text = $(id).textContent;
  return text[0] === '"' ? inflate(JSON.parse(text)) : text;
};
const data = JSON.parse(await block("findings"));
const R = data.rules;
const S = data.texts.split("\x7f"); // a text is a number in a column
const N = data.count;
// A column in which all are alike is one number.
const alike = new Set();
for (const [name, column] of Object.entries(data.columns)) {
  if (!Array.isArray(column)) alike.add(name);
  data[name] = alike.has(name) ? new Int32Array(N).fill(column) : Int32Array.from(column);
}
// The fields of a rule and of a card, in the order in which the report writes them.
const [ID, THEME, TITLE, WHY, MEND, CONTROLS, ALSO, WAIVABLE] = Array(8).keys();
const [PRINT, LAST, MARK, EVIDENCE, TRACE, RELATED, WAIVER, FIX, COMMENT, DIFF, HOPS] = Array(11).keys();

const words = (verdict) => data.verdicts[verdict].replace("_", " ");
const rank = (verdict) => ["fail", "unknown", "not_evaluated", "waived", "pass"].indexOf(data.verdicts[verdict]);
const digits = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ","); // toLocaleString takes its time to get ready
const dashed = (word) => word.replace(" ", "-");
const place = (i) => (data.file[i] ? `${S[data.file[i]]}:${data.line[i]}` : "");
// A finding's label is a number too: how grave a failure is, else the verdict.
const FAIL = data.verdicts.indexOf("fail");
const PASS = data.verdicts.indexOf("pass");
const LABELS = [...data.severities, ...data.verdicts.map((_, k) => words(k))];
const KINDS = [...data.severities.keys()].reverse().concat([...data.verdicts.keys()].sort((a, b) => rank(a) - rank(b)).map((k) => k + data.severities.length));
const kind = new Uint8Array(N);
for (let i = 0; i < N; i++) kind[i] = data.verdict[i] === FAIL ? data.severity[i] : data.verdict[i] + data.severities.length;
const label = (i) => LABELS[kind[i]];
const tallied = (counts, from = 0) => KINDS.map((k) => [LABELS[k], counts[from + k]]).filter(([, n]) => n);

// --- by what findings are filtered and grouped: `of` has a key for each finding, or a rule whose `keys` count ---
const frameworks = [...new Set(R.flatMap((r) => r[CONTROLS].map((id) => id.split(":")[0])))].sort();
const NONE = frameworks.push("") - 1;
const themes = [...new Set(R.map((r) => r[THEME]))];
const by = (name, text = (k) => S[k], more = {}) => ({ name, of: data[name], size: S.length, text, ...more });
const byRule = (name, text, keys, more) => by(name, text, { of: data.rule, size: R.length, keys: R.map(keys), ...more });
const rule = by("rule", (k) => R[k][ID], { size: R.length });
const theme = byRule("theme", (k) => themes[k], (r) => [themes.indexOf(r[THEME])]);
const framework = byRule("framework", (k) => frameworks[k] || "in no framework",
  (r) => (r[CONTROLS].length ? [...new Set(r[CONTROLS].map((id) => frameworks.indexOf(id.split(":")[0])))] : [NONE]),
  { rare: !NONE, order: (a, b) => a - b });
const FACETS = [
  by("severity", (k) => data.severities[k], { order: (a, b) => b - a }),
  by("verdict", words, { order: (a, b) => rank(a) - rank(b) }),
  by("change", undefined, { rare: true }),
  theme,
  framework,
  by("source"),
  by("owner", (k) => S[k] || "nobody", { rare: true }),
  rule,
];
const VERDICT = 1;
const THEME_FACET = 3;
const GROUPS = {
  rule: { ...rule, more: (k) => R[k][TITLE] },
  resource: by("address"),
  theme,
  file: by("file", (k) => S[k] || "live resources"),
  framework,
  owner: by("owner", (k) => S[k] || "no owner by tag or label"),
};
// How many findings have each key, of how many have each value of the column.
const spread = ({ keys }, counts) => {
  if (!keys) return counts;
  const sums = new Int32Array(Math.max(frameworks.length, themes.length));
  keys.forEach((mine, n) => { for (const key of mine) sums[key] += counts[n]; });
  return sums;
};
for (const facet of FACETS) {
  const totals = data.totals[facet.keys ? "rule" : facet.name];
  facet.size = totals.reduce((most, [key]) => Math.max(most, key + 1), 1); // texts that all findings share have low numbers
  const every = new Int32Array(facet.size);
  for (const [key, n] of totals) every[key] = n;
  facet.all = spread(facet, every);
  facet.found = (facet.keys ? [...facet.all.keys()].filter((key) => facet.all[key]) : data.totals[facet.name].map(([key]) => key)) // what has no name is no choice
    .filter(facet.text).sort(facet.order || ((a, b) => facet.all[b] - facet.all[a] || (facet.text(a) < facet.text(b) ? -1 : 1)));
}
const passes = FACETS[VERDICT].all[PASS] < N ? FACETS[VERDICT].all[PASS] : 0; // shown to who asks for them

const state = { q: "", group: "rule", chosen: FACETS.map(() => new Set()), folded: new Set(), open: -1, view: "findings" };
const room = new Int32Array(N);
let shown = room; // the findings that pass the filters

// --- the search: all texts are one, in which the next hit is looked for; `ends` says whose it is ---
let low = null; // made when there is time, or for the first search
const lower = () => {
  if (low) return low;
  const all = (text) => {
    const ends = [];
    for (let at = text.indexOf("\x7f"); at >= 0; at = text.indexOf("\x7f", at + 1)) ends.push(at);
    return { text, ends: Int32Array.from(ends.concat(text.length)) };
  };
  const rules = R.map((r) => [...r.slice(0, 3), ...r[CONTROLS], ...r[ALSO]].join("\n")).join("\x7f");
  low = [all(data.texts.toLowerCase()), all(rules.toLowerCase())];
  return low;
};
const hits = ({ text, ends }, term, before) => {
  const found = new Uint8Array(ends.length);
  let count = 0;
  if (before?.count * 4 < ends.length) { // a word that grew is where it was, or nowhere
    for (let n = 0; n < ends.length; n++) {
      if (before.found[n] && text.slice(n ? ends[n - 1] : 0, ends[n]).includes(term)) found[n] = ++count && 1;
    }
    return { found, count };
  }
  let n = 0;
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, ends[n])) {
    while (ends[n] < at) n++;
    found[n] = 1;
    count++;
  }
  return { found, count };
};
const SEARCHED = ["message", "address", "file", "type", "source", "account", "region"];
let sought = []; // {term, texts, rules}: what was looked for before
const search = (q) => { // which findings have every word that is looked for; null where none is
  const terms = q.toLowerCase().split(/[\s\x7f]+/).filter(Boolean);
  if (!terms.length) return null;
  sought = terms.map((term) => {
    const before = sought.find((one) => term.includes(one.term));
    const [texts, rules] = lower();
    return before?.term === term ? before : { term, texts: hits(texts, term, before?.texts), rules: hits(rules, term) };
  });
  const all = new Uint8Array(N).fill(1);
  const has = new Uint8Array(N);
  for (const { texts, rules } of sought) {
    const ofRule = data.rule;
    for (let i = 0; i < N; i++) has[i] = rules.found[ofRule[i]];
    for (const name of texts.count ? SEARCHED : []) {
      const column = data[name];
      if (!alike.has(name)) for (let i = 0; i < N; i++) has[i] |= texts.found[column[i]];
      else if (texts.found[column[0]]) has.fill(1);
    }
    for (let i = 0; i < N; i++) all[i] &= has[i];
  }
  return all;
};

const unasked = new Set([...data.verdicts.keys()].filter((v) => v !== PASS));
const allowed = ({ keys, size }, chosen) => {
  if (keys) return Uint8Array.from(keys, (mine) => mine.some((key) => chosen.has(key)));
  const pass = new Uint8Array(size);
  for (const key of chosen) pass[key] = 1;
  return pass;
};
// What the list shows is found at once; what stands beside it is counted when that is on the screen.
let found = null;
let limits = []; // {k, of, pass}: a facet in which something is chosen
const among = (these) => {
  const mask = found ? found.slice() : new Uint8Array(N).fill(1);
  for (const { of, pass } of these) for (let i = 0; i < N; i++) mask[i] &= pass[of[i]];
  return mask;
};
const filter = () => {
  found = search(state.q);
  const chosen = state.chosen.map((c, k) => (c.size ? c : k === VERDICT && passes ? unasked : null));
  limits = FACETS.map((facet, k) => ({ k, of: facet.of, pass: chosen[k] && allowed(facet, chosen[k]) })).filter(({ pass }) => pass);
  const mask = among(limits);
  let n = 0;
  for (let i = 0; i < N; i++) if (mask[i]) room[n++] = i;
  shown = room.subarray(0, n);
  arrange();
};
const facetCounts = () => FACETS.map((facet, k) => { // of what is chosen from: what choosing it as well would add
  const others = limits.filter((limit) => limit.k !== k);
  if (!found && !others.length) return facet.all;
  const counts = new Int32Array(facet.size);
  const { of } = facet;
  const mask = others.length < limits.length ? among(others) : null;
  if (mask) for (let i = 0; i < N; i++) counts[of[i]] += mask[i];
  else for (let m = 0; m < shown.length; m++) counts[of[shown[m]]]++;
  return spread(facet, counts);
});

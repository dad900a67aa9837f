// Texts reach the page as text nodes only: nothing of the data is ever parsed as markup.
// (Not indented within the function, which only keeps the names to itself: every byte is in every report.)
(() => {
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const data = read("findings"); // columns of numbers; a text is a number in `texts`
const { rules: R, texts: S } = data;
const N = data.rule.length;
let cards = null; // parsed when the first card is opened; it stands behind this script
const more = (i) => (cards ??= read("cards")).findings[i];
// The fields of a rule and of a card, in the order in which the report writes them.
const [ID, THEME, TITLE, WHY, MEND, CONTROLS, ALSO, WAIVABLE] = Array(8).keys();
const [PRINT, LAST, MARK, EVIDENCE, TRACE, RELATED, WAIVER, FIX, COMMENT, DIFF, HOPS] = Array(11).keys();
const PAPER_MOST = 1000;
const narrow = matchMedia("(max-width: 899px)");

const $ = (id) => document.getElementById(id);
const el = (tag, cls, ...kids) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  node.append(...kids.filter((k) => k !== null && k !== undefined && k !== ""));
  return node;
};
const set = (node, attributes) => {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
const words = (verdict) => data.verdicts[verdict].replace("_", " ");
const rank = (verdict) => ["fail", "unknown", "not_evaluated", "waived", "pass"].indexOf(data.verdicts[verdict]);
const label = (i) => {
  const verdict = words(data.verdict[i]);
  return verdict === "fail" ? data.severities[data.severity[i]] : verdict;
};
const digits = (n) => n.toLocaleString("en");
const dashed = (word) => word.replace(" ", "-");
const tag = (i) => el("span", `sev ${dashed(label(i))}`, label(i));
const place = (i) => (data.file[i] ? `${S[data.file[i]]}:${data.line[i]}` : "");

// --- what is shown ---
const frameworks = [...new Set(R.flatMap((r) => r[CONTROLS].map((id) => id.split(":")[0])))].sort();
const ofRule = R.map((r) => [...new Set(r[CONTROLS].map((id) => frameworks.indexOf(id.split(":")[0])))]);
ofRule.forEach((found) => { if (!found.length) found.push(-1); });
const PASS = data.verdicts.indexOf("pass");
const said = new Int32Array(data.verdicts.length);
for (const verdict of data.verdict) said[verdict]++;
const unasked = new Set([...said.keys()].filter((v) => v !== PASS)); // passes are shown to who asks for them
const passes = said[PASS] < N ? said[PASS] : 0;
const themes = [...new Set(R.map((r) => r[THEME]))];
const FACETS = [
  { name: "severity", of: data.severity, text: (k) => data.severities[k], order: (a, b) => b - a },
  { name: "verdict", of: data.verdict, text: words, order: (a, b) => rank(a) - rank(b) },
  { name: "theme", of: data.rule.map((r) => themes.indexOf(R[r][THEME])), text: (k) => themes[k] },
  { name: "source", of: data.source, text: (k) => S[k] },
  { name: "owner", of: data.owner, text: (k) => S[k] || "nobody" },
  { name: "rule", of: data.rule, text: (k) => R[k][ID] },
];
const GROUPS = {
  rule: { of: data.rule, text: (k) => R[k][ID], more: (k) => R[k][TITLE] },
  resource: { of: data.address, text: (k) => S[k], more: () => "" },
  theme: { of: FACETS[2].of, text: (k) => themes[k], more: () => "" },
  file: { of: data.file, text: (k) => S[k] || "live resources", more: () => "" },
  framework: { of: data.rule, keys: (k) => ofRule[k], text: (k) => frameworks[k] || "in no framework", more: () => "" },
  owner: { of: data.owner, text: (k) => S[k] || "no owner by tag or label", more: () => "" },
};
const sizes = FACETS.map(({ of }) => 1 + of.reduce((a, b) => Math.max(a, b), 0));
const state = { q: "", group: "rule", chosen: FACETS.map(() => new Set()), folded: new Set(), open: -1, view: "findings" };
let shown = []; // the findings that pass the filters
let rows = []; // what the list shows: a finding's number, or -1 - group number
let groups = [];
let cursor = -1;
let low = null; // the texts in lower case, made for the first search

const matches = () => {
  const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (!terms.length) return null;
  low ??= { texts: S.map((s) => s.toLowerCase()), rules: R.map((r) => [...r.slice(0, 3), ...r[CONTROLS], ...r[ALSO]].join("\n").toLowerCase()) };
  const has = (texts, term) => {
    const hits = new Uint8Array(texts.length);
    for (let n = 0; n < texts.length; n++) if (texts[n].includes(term)) hits[n] = 1;
    return hits;
  };
  const { rule, message, address, file, type, source, account, region } = data;
  const tests = terms.map((term) => [has(low.texts, term), has(low.rules, term)]);
  return (i) => {
    for (const [t, r] of tests) {
      if (!(r[rule[i]] || t[message[i]] || t[address[i]] || t[file[i]] || t[type[i]] || t[source[i]] || t[account[i]] || t[region[i]])) return false;
    }
    return true;
  };
};

const filter = () => {
  const found = matches();
  const chosen = state.chosen.map((c) => (c.size ? c : null));
  if (passes) chosen[1] ??= unasked;
  const counts = FACETS.map((_, k) => new Int32Array(sizes[k]));
  shown = [];
  for (let i = 0; i < N; i++) {
    if (found && !found(i)) continue;
    let misses = 0;
    let missed = 0;
    for (let k = 0; k < FACETS.length; k++) {
      if (chosen[k] && !chosen[k].has(FACETS[k].of[i])) { misses++; missed = k; }
    }
    if (misses === 0) shown.push(i);
    else if (misses === 1) counts[missed][FACETS[missed].of[i]]++; // what choosing this as well would add
  }
  for (let k = 0; k < FACETS.length; k++) for (const i of shown) counts[k][FACETS[k].of[i]]++;
  paintFacets(counts);
  arrange();
};

const arrange = () => {
  const kind = GROUPS[state.group];
  const by = new Map();
  for (const i of shown) {
    for (const key of kind.keys ? kind.keys(kind.of[i]) : [kind.of[i]]) {
      const items = by.get(key);
      if (items) items.push(i); else by.set(key, [i]);
    }
  }
  groups = [...by].map(([key, items]) => ({ key, items }));
  if (kind.keys) groups.sort((a, b) => (a.key < 0) - (b.key < 0) || a.key - b.key);
  rows = [];
  groups.forEach((group, number) => {
    rows.push(-1 - number);
    if (!state.folded.has(group.key)) for (const i of group.items) rows.push(i);
  });
  cursor = state.open < 0 ? -1 : rows.indexOf(state.open);
  const most = state.chosen[1].size ? N : N - passes;
  const all = shown.length === most;
  $("count").textContent = `${digits(shown.length)} ${all ? "" : `of ${digits(most)} `}finding${(all ? shown.length : most) === 1 ? "" : "s"}`;
  $("clear").hidden = !state.q && state.chosen.every((c) => !c.size);
  $("fold").textContent = state.folded.size ? "Unfold all" : "Fold all";
  draw(true);
  if (state.open < 0) overview();
};

// --- the list: rows of one height, of which only those in view exist ---
const list = $("list");
const body = $("rows");
let drawn = [-1, -1];
const rowHeight = () => parseFloat(getComputedStyle(list).getPropertyValue("--row"));

const draw = (force) => {
  const height = rowHeight();
  const first = Math.max(0, Math.floor(list.scrollTop / height) - 10);
  const last = Math.min(rows.length, first + Math.ceil(list.clientHeight / height) + 20);
  if (!force && first === drawn[0] && last === drawn[1]) return;
  drawn = [first, last];
  const nodes = [];
  for (let at = first; at < last; at++) nodes.push(rows[at] < 0 ? head(at) : line(at));
  body.style.height = `${rows.length * height}px`;
  body.replaceChildren(...nodes);
  nodes.forEach((node, n) => { node.style.top = `${(first + n) * height}px`; });
  if (cursor >= first && cursor < last) list.setAttribute("aria-activedescendant", `row-${cursor}`);
  else list.removeAttribute("aria-activedescendant");
};

const row = (at, level, cls, ...kids) => set(el("div", `row ${cls}${at === cursor ? " at" : ""}`, ...kids), {
  id: `row-${at}`, role: "treeitem", "aria-level": level, "aria-selected": at === cursor,
});

const tally = (items) => {
  const counts = new Map();
  for (const i of items) counts.set(label(i), (counts.get(label(i)) || 0) + 1);
  return counts;
};

const head = (at) => {
  const group = groups[-1 - rows[at]];
  const kind = GROUPS[state.group];
  const folded = state.folded.has(group.key);
  group.tally ??= tally(group.items);
  const node = row(at, 1, "head", el("span", "fold", folded ? "▸" : "▾"), el("span", "name", kind.text(group.key)),
    el("span", "more", kind.more(group.key)),
    el("span", "tally", ...[...group.tally].map(([name, n]) => el("span", `key ${dashed(name)}`, `${digits(n)} ${name}`))));
  return set(node, { "aria-expanded": !folded });
};

const line = (at) => {
  const i = rows[at];
  const other = state.group === "resource" ? R[data.rule[i]][ID] : S[data.address[i]];
  return row(at, 2, "item", tag(i), set(el("span", "what", S[data.message[i]]), { title: S[data.message[i]] }), el("span", "who", other), el("span", "where", el("bdi", "", place(i))));
};

const move = (to, open) => {
  cursor = Math.max(0, Math.min(rows.length - 1, to));
  const height = rowHeight();
  if (cursor * height < list.scrollTop) list.scrollTop = cursor * height;
  if ((cursor + 1) * height > list.scrollTop + list.clientHeight) list.scrollTop = (cursor + 1) * height - list.clientHeight;
  if (rows[cursor] >= 0 && $("cards")) show(rows[cursor], open);
  draw(true);
};

const fold = (at) => {
  const key = groups[-1 - rows[at]].key;
  if (!state.folded.delete(key)) state.folded.add(key);
  arrange();
  cursor = at;
  draw(true);
};

// --- the card ---
const prose = (text) => text.split(/\n\s*\n/).filter(Boolean).map((paragraph) =>
  el("p", "", ...paragraph.split("`").map((part, n) => (n % 2 ? el("code", "", part) : part))));
const part = (title, ...kids) => (kids.length ? el("section", "", el("h3", "", title), ...kids) : null);

const excerpt = (file, name, first, last, mark) => {
  const lines = cards.code[file];
  if (!lines) return null;
  const pre = el("pre", "code");
  for (let n = Math.max(1, first - 3); n <= last + 3 && pre.children.length < 14; n++) {
    if (!(n in lines)) continue;
    const hit = n >= first && n <= last;
    const letters = [...lines[n]]; // columns count letters, not UTF-16 units
    const text = hit && mark.length
      ? [letters.slice(0, mark[0]).join(""), el("mark", "", letters.slice(mark[0], mark[1]).join("")), letters.slice(mark[1]).join("")]
      : [lines[n]];
    pre.append(el("span", hit ? "line hit" : "line", el("span", "no", `${hit ? "▶" : ""}${n}`), ...text));
  }
  return set(pre, { tabindex: 0, role: "group", "aria-label": `${name} from line ${first}` });
};

const copyable = (text) => {
  const pre = el("pre", "copy", text);
  const button = set(el("button", "", "Copy"), { type: "button" });
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(pre);
    const done = () => { button.textContent = "Copied"; };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => document.execCommand("copy") && done());
    else if (document.execCommand("copy")) done();
  });
  return el("div", "copying", pre, button);
};

const diff = (text) => {
  const cls = { "+": "plus", "-": "minus", "@": "hunk" };
  const lines = text.split("\n").map((l) => el("span", `line ${cls[l[0]] || ""}`, l || " "));
  return set(el("pre", "diff", ...lines), { tabindex: 0, role: "group", "aria-label": "The fix as a diff" });
};

const waiver = (i, f, r) => {
  const verdict = words(data.verdict[i]);
  if (f[WAIVER]) {
    const [reason, where, owner, expires] = f[WAIVER].map((n) => cards.texts[n]);
    return part("Waived", el("p", "", reason), el("p", "dim", [where, owner && `by ${owner}`, expires && `until ${expires}`].filter(Boolean).join(", ")));
  }
  if (verdict === "pass" || verdict === "not evaluated") return null;
  if (!r[WAIVABLE]) return part("Waiver", el("p", "", "This rule cannot be waived."));
  if (!f[COMMENT] || !data.file[i]) return null;
  return part("Waiver", el("p", "", "Above the block, with your reason:"), copyable(`# assay: allow[${r[ID]}] why this is accepted`));
};

const card = (i) => {
  const f = more(i);
  const T = cards.texts;
  const r = R[data.rule[i]];
  const about = [data.type, data.source, data.account, data.region].map((c) => S[c[i]]).filter(Boolean).join(" · ");
  const ids = (list) => el("p", "ids", ...list.map((id) => el("code", "", id)));
  const file = data.file[i] && S[data.file[i]];
  const here = file && excerpt(T.indexOf(file), file, data.line[i], f[LAST], f[MARK]);
  return [
    el("p", "kicker", tag(i), words(data.verdict[i]) === "fail" ? "" : el("span", "", data.severities[data.severity[i]]), el("code", "", r[ID]), el("span", "dim", r[THEME])),
    el("h2", "", S[data.message[i]]),
    el("p", "address", el("code", "", S[data.address[i]]), el("span", "dim", about)),
    file ? el("p", "place", el("code", "", place(i))) : null,
    here || null,
    part("Evidence", ...f[EVIDENCE].map(([path, value, owner]) => el("p", "pair", el("code", "", [T[path] || "value", T[value]].filter(Boolean).join(" = ")), owner && T[owner] !== S[data.address[i]] ? el("span", "dim", T[owner]) : ""))),
    part("Also decided by", ...f[RELATED].flatMap(([at, first, last, note]) => [el("p", "", T[note]), excerpt(at, T[at], first, last, []) || el("p", "dim", T[at])])),
    f[HOPS].length > 1 ? part("Path", drawPath(f[HOPS].map(([kind, address, note]) => ({ kind: T[kind], address: T[address], note: T[note] })))) : null,
    f[TRACE].length ? part("How the value came to be", el("ol", "", ...f[TRACE].map(([at, first, note]) => el("li", "", T[note], " ", el("code", "", `${T[at]}:${first}`))))) : null,
    part("Why", ...prose(r[WHY])),
    part("Fix", ...prose(r[MEND]), ...(f[DIFF] ? [diff(T[f[DIFF]])] : f[FIX] ? [copyable(T[f[FIX]])] : [])),
    r[CONTROLS].length ? part("Controls", ids(r[CONTROLS])) : null,
    r[ALSO].length ? el("div", "elsewhere", part("Called elsewhere", ids(r[ALSO]))) : null,
    el("div", f[WAIVER] ? "" : "elsewhere", waiver(i, f, r)),
    el("p", "dim print", `fingerprint ${f[PRINT]} · assay explain ${r[ID]}`),
  ].filter(Boolean);
};

const show = (i, open) => {
  state.open = i;
  const close = set(el("button", "close", "Close"), { type: "button" });
  close.addEventListener("click", shut);
  $("card").replaceChildren(close, ...card(i));
  $("card").scrollTop = 0;
  if (open) document.body.classList.add("open");
  if (open === "key" || (open && narrow.matches)) $("card").focus();
  remember(open);
};

const shut = () => {
  document.body.classList.remove("open");
  list.focus();
};

const overview = () => {
  const by = new Map(themes.map((_, key) => [key, []]));
  for (const i of shown) by.get(FACETS[2].of[i]).push(i);
  const sorted = [...by].filter(([, items]) => items.length).sort((a, b) => b[1].length - a[1].length);
  const most = sorted.length ? sorted[0][1].length : 1;
  const lines = sorted.map(([key, items]) => {
    const bar = el("span", "stack", ...[...tally(items)].map(([name, count]) => {
      const piece = el("span", `piece ${dashed(name)}`);
      piece.style.width = `${(100 * count) / most}%`;
      return piece;
    }));
    const button = set(el("button", "theme", el("span", "", themes[key]), bar, el("span", "n", digits(items.length))), { type: "button" });
    button.addEventListener("click", () => choose(2, key));
    return button;
  });
  $("card").replaceChildren(el("h2", "", N ? "By theme" : "Nothing to show"), el("p", "dim", N ? "Choose a finding to see its evidence, the line to mend and why it matters." : "No rule had anything to say."), ...lines);
};

// --- filters ---
const buttons = FACETS.map((facet, k) => {
  const seen = new Map();
  for (const key of facet.of) seen.set(key, (seen.get(key) || 0) + 1);
  const keys = [...seen.keys()].sort(facet.order || ((a, b) => seen.get(b) - seen.get(a) || (facet.text(a) < facet.text(b) ? -1 : 1)));
  const made = new Map();
  for (const key of keys) {
    const chip = set(el("button", "chip", el("span", "", facet.text(key)), el("span", "n")), { type: "button", "aria-pressed": "false" });
    if (k === 0) chip.firstChild.className = `key ${facet.text(key)}`;
    chip.addEventListener("click", () => choose(k, key));
    made.set(key, chip);
  }
  const box = el("details", "facet", el("summary", "", facet.name), el("div", "chips", ...made.values()));
  box.open = facet.name !== "rule" && !narrow.matches;
  if (made.size > 1 || (made.size && facet.name !== "owner")) $("facets").append(box);
  return made;
});

const paintFacets = (counts) => FACETS.forEach((_, k) => {
  for (const [key, chip] of buttons[k]) {
    const count = counts[k][key];
    chip.setAttribute("aria-pressed", state.chosen[k].has(key));
    chip.classList.toggle("empty", !count);
    chip.lastChild.textContent = digits(count);
  }
});

const choose = (k, key) => {
  if (!state.chosen[k].delete(key)) state.chosen[k].add(key);
  state.open = -1;
  list.scrollTop = 0;
  filter();
  remember(true);
};

// --- the address: every view can be sent to somebody ---
let written = "";
let waiting = 0;
const address = () => {
  const said = new URLSearchParams();
  if (state.view !== "findings") said.set("view", state.view);
  if (state.q) said.set("q", state.q);
  if (state.group !== "rule") said.set("group", state.group);
  FACETS.forEach((facet, k) => { if (state.chosen[k].size) said.set(facet.name, [...state.chosen[k]].map(facet.text).join(",")); });
  if (state.open >= 0) said.set("f", more(state.open)[PRINT]);
  return `#${said}`;
};
const remember = (step) => { // a step can be gone back; typing and moving only replace
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const next = address();
    if (next === (location.hash || "#")) return;
    written = next;
    if (step) location.hash = next; else location.replace(next);
  }, step ? 0 : 200);
};
const recall = () => {
  if (location.hash === written && written) return;
  const plain = /^#f-([0-9a-f-]+)$/.exec(location.hash); // the anchor of one finding
  const said = new URLSearchParams(plain ? `f=${plain[1]}` : location.hash.slice(1));
  state.q = said.get("q") || "";
  state.group = said.get("group") in GROUPS ? said.get("group") : "rule";
  FACETS.forEach((facet, k) => {
    const wanted = new Set((said.get(facet.name) || "").split(","));
    state.chosen[k] = new Set([...buttons[k].keys()].filter((key) => wanted.has(facet.text(key))));
  });
  look(said.get("view") || "findings");
  state.open = said.has("f") && N ? (more(0), cards.findings.findIndex((f) => f[PRINT] === said.get("f"))) : -1;
  if (passes && data.verdict[state.open] === PASS && !state.chosen[1].size) state.chosen[1].add(PASS);
  $("q").value = state.q;
  $("group").value = state.group;
  filter();
  if (cursor >= 0) move(cursor, false);
  if (state.open >= 0) document.body.classList.add("open");
  written = location.hash;
};

// --- the views beside the list, which stand in the page ---
const tabs = [...$("tabs").children];
const look = (view) => {
  state.view = tabs.some((tab) => tab.dataset.view === view) ? view : "findings";
  $("app").hidden = state.view !== "findings";
  for (const tab of tabs) {
    if (tab.dataset.view === state.view) tab.setAttribute("aria-current", "page"); else tab.removeAttribute("aria-current");
    if (tab.dataset.view !== "findings") $(`view-${tab.dataset.view}`).hidden = tab.dataset.view !== state.view;
  }
};
for (const tab of tabs) {
  tab.addEventListener("click", () => {
    look(tab.dataset.view);
    draw(true);
    remember(true);
  });
}

// --- hands ---
let typing = 0;
$("q").addEventListener("input", () => {
  cancelAnimationFrame(typing);
  typing = requestAnimationFrame(() => {
    state.q = $("q").value;
    state.open = -1;
    list.scrollTop = 0;
    filter();
    remember(false);
  });
});
$("group").addEventListener("change", () => {
  state.group = $("group").value;
  state.folded.clear();
  list.scrollTop = 0;
  arrange();
  remember(true);
});
$("clear").addEventListener("click", () => {
  state.q = $("q").value = "";
  state.chosen.forEach((c) => c.clear());
  filter();
  remember(true);
});
$("fold").addEventListener("click", () => {
  state.folded = new Set(state.folded.size ? [] : groups.map((g) => g.key));
  arrange();
});
let frame = 0;
const soon = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(() => draw(false)); };
list.addEventListener("scroll", soon, { passive: true });
addEventListener("resize", () => draw(true));
list.addEventListener("click", (event) => {
  const target = event.target.closest(".row");
  if (!target) return;
  const at = Number(target.id.slice(4));
  if (rows[at] < 0) fold(at); else move(at, true);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || state.view !== "findings") return;
  const field = event.target.closest("input, select");
  if (event.key === "Escape") {
    if (field) field.blur();
    shut();
  } else if (field) {
    if (event.key === "Enter" || (event.key === "ArrowDown" && field.id === "q")) { list.focus(); event.preventDefault(); }
  } else if (event.key === "/") {
    $("q").focus();
    $("q").select();
    event.preventDefault();
  } else if (event.target === list || event.target === document.body || event.key === "j" || event.key === "k") {
    const page = Math.max(1, Math.floor(list.clientHeight / rowHeight()) - 1);
    const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (event.key in steps && rows.length) move(cursor + steps[event.key], false);
    else if (rows[cursor] < 0 && ["Enter", " ", "ArrowLeft", "ArrowRight"].includes(event.key)) fold(cursor);
    else if (event.key === "Enter" && cursor >= 0) move(cursor, "key");
    else return;
    event.preventDefault();
  }
});
addEventListener("beforeprint", () => {
  const left = shown.length - PAPER_MOST;
  for (const box of document.querySelectorAll("details")) box.open ||= !box.closest("#facets");
  $("paper").replaceChildren(...shown.slice(0, PAPER_MOST).map((i) => el("article", "", ...card(i))),
    left > 0 ? el("p", "", `${digits(left)} more findings are not printed; filter to print others.`) : "");
});
addEventListener("afterprint", () => $("paper").replaceChildren());
addEventListener("hashchange", recall);

const start = () => {
  $("tabs").hidden = tabs.length < 2;
  recall();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
};
// A link to one finding needs the cards, which are still being read.
if (/\bf[=-]/.test(location.hash)) addEventListener("DOMContentLoaded", start); else start();
})();

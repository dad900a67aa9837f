// The list: rows of one height, of which only those in view exist; and the overview beside it.
const list = $("list");
const body = $("rows");
const narrow = matchMedia("(max-width: 899px)");
let rows = []; // what the list shows: a finding's number, or -1 - group number
let groups = []; // {key, from, to}: where its findings are in `sorted`
let sorted = [];
let cursor = -1;

// Texts reach the page as text nodes only: nothing of the data is ever parsed as markup.
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
const tag = (i) => el("span", `sev ${dashed(label(i))}`, label(i));

const arrange = () => {
  const { of, keys, size, order } = GROUPS[state.group];
  let items = shown;
  let key = (m) => of[items[m]];
  if (keys) { // a finding stands under each of its keys
    const pairs = [];
    for (const i of shown) for (const one of keys[of[i]]) pairs.push(one, i);
    items = Int32Array.from({ length: pairs.length / 2 }, (_, m) => pairs[2 * m + 1]);
    key = (m) => pairs[2 * m];
  }
  const counts = new Int32Array(keys ? Math.max(frameworks.length, themes.length) : size);
  const met = [];
  for (let m = 0; m < items.length; m++) if (!counts[key(m)]++) met.push(key(m));
  if (order) met.sort(order);
  const next = new Int32Array(counts.length);
  let end = 0;
  groups = met.map((one) => ({ key: one, from: next[one] = end, to: end += counts[one] }));
  sorted = new Int32Array(end);
  for (let m = 0; m < items.length; m++) sorted[next[key(m)]++] = items[m];
  layRows();
  const total = state.chosen[VERDICT].size ? N : N - passes;
  const all = shown.length === total;
  $("count").textContent = `${digits(shown.length)} ${all ? "" : `of ${digits(total)} `}finding${(all ? shown.length : total) === 1 ? "" : "s"}`;
  $("clear").hidden = !state.q && state.chosen.every((c) => !c.size);
  if (state.open < 0) overview();
};

const layRows = () => {
  const open = groups.map((group) => !state.folded.has(group.key));
  rows = new Int32Array(groups.reduce((sum, { from, to }, n) => sum + 1 + (open[n] ? to - from : 0), 0));
  let at = 0;
  groups.forEach(({ from, to }, n) => {
    rows[at++] = -1 - n;
    if (open[n]) { rows.set(sorted.subarray(from, to), at); at += to - from; }
  });
  cursor = state.open < 0 ? -1 : rows.indexOf(state.open);
  $("fold").hidden = !groups.length;
  $("fold").textContent = state.folded.size ? "Unfold all" : "Fold all";
  draw(true);
};

// What the drawing needs to know of the layout is kept: to ask for it after a change costs a layout.
let rowHeight = 0;
let scrolled = 0;
let drawn = [-1, -1];
const measure = () => { rowHeight = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")); };
const scrollList = (top) => { if (top !== scrolled) list.scrollTop = scrolled = top; };

const draw = (force) => {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - 6);
  const last = Math.min(rows.length, first + Math.ceil(innerHeight / rowHeight) + 12);
  if (!force && first === drawn[0] && last === drawn[1]) return;
  drawn = [first, last];
  const nodes = [];
  for (let at = first; at < last; at++) {
    const node = rows[at] < 0 ? head(at) : line(at);
    node.style.top = `${at * rowHeight}px`;
    nodes.push(node);
  }
  body.style.height = `${rows.length * rowHeight}px`;
  body.replaceChildren(...nodes);
  if (cursor >= first && cursor < last) list.setAttribute("aria-activedescendant", `row-${cursor}`);
  else list.removeAttribute("aria-activedescendant");
};

const row = (at, level, cls, ...kids) => set(el("div", `row ${cls}${at === cursor ? " at" : ""}`, ...kids), {
  id: `row-${at}`, role: "treeitem", "aria-level": level, "aria-selected": at === cursor,
});

const tally = ({ from, to }) => {
  const counts = new Int32Array(LABELS.length);
  for (let n = from; n < to; n++) counts[kind[sorted[n]]]++;
  return tallied(counts);
};

const head = (at) => {
  const group = groups[-1 - rows[at]];
  const { text, more } = GROUPS[state.group];
  const folded = state.folded.has(group.key);
  group.tally ??= tally(group);
  const node = row(at, 1, "head", el("span", "fold", folded ? "▸" : "▾"), el("span", "name", text(group.key)),
    el("span", "more", more && more(group.key)),
    el("span", "tally", ...group.tally.map(([name, n]) => el("span", `key ${dashed(name)}`, `${digits(n)} ${name}`))));
  return set(node, { "aria-expanded": !folded });
};

const line = (at) => {
  const i = rows[at];
  const other = state.group === "resource" ? R[data.rule[i]][ID] : S[data.address[i]];
  return row(at, 2, "item", tag(i), set(el("span", "what", S[data.message[i]]), { title: S[data.message[i]] }), el("span", "who", other), el("span", "where", el("bdi", "", place(i))));
};

const move = (to, open) => {
  cursor = Math.max(0, Math.min(rows.length - 1, to));
  const seen = list.clientHeight;
  if (cursor * rowHeight < scrolled) scrollList(cursor * rowHeight);
  if ((cursor + 1) * rowHeight > scrolled + seen) scrollList((cursor + 1) * rowHeight - seen);
  if (rows[cursor] >= 0) show(rows[cursor], open);
  draw(true);
};

const fold = (at) => {
  const { key } = groups[-1 - rows[at]];
  if (!state.folded.delete(key)) state.folded.add(key);
  layRows();
  cursor = at;
  draw(true);
};

const overview = () => {
  const wide = LABELS.length;
  const counts = new Int32Array(themes.length * wide);
  const sums = new Int32Array(themes.length);
  for (const i of shown) {
    const key = theme.keys[data.rule[i]][0];
    counts[key * wide + kind[i]]++;
    sums[key]++;
  }
  const found = [...sums.keys()].filter((key) => sums[key]).sort((a, b) => sums[b] - sums[a]);
  const lines = found.map((key) => {
    const bar = el("span", "stack", ...tallied(counts, key * wide).map(([name, count]) => {
      const piece = el("span", `piece ${dashed(name)}`);
      piece.style.width = `${(100 * count) / sums[found[0]]}%`;
      return piece;
    }));
    const button = set(el("button", "theme", el("span", "", themes[key]), bar, el("span", "n", digits(sums[key]))), { type: "button" });
    button.addEventListener("click", () => choose(THEME_FACET, key));
    return button;
  });
  $("card").replaceChildren(el("h2", "", N ? "By theme" : "Nothing to show"), el("p", "dim", N ? "Choose a finding to see its evidence, the line to mend and why it matters." : "No rule had anything to say."), ...lines);
};

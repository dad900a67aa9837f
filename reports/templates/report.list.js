// The list: rows of one height, of which only those in view exist; and the overview beside it.
const list = $("list");
const body = $("rows");
const narrow = matchMedia("(max-width: 899px)");
let rows = []; // what the list shows: a finding's number, or -1 - group number
let groups = []; // their keys, in order; `ends` says where the findings of each end in `sorted`
let ends = [];
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
  const counts = new Int32Array(keys ? Math.max(frameworks.length, themes.length) : size);
  groups = [];
  const meet = (key) => { if (!counts[key]++) groups.push(key); };
  for (const i of shown) if (keys) keys[of[i]].forEach(meet); else meet(of[i]); // it stands under each of its keys
  if (order) groups.sort(order);
  ends = new Int32Array(groups.length);
  let end = 0;
  groups.forEach((key, g) => { ends[g] = end += counts[key]; });
  sorted = new Int32Array(end);
  for (let g = groups.length - 1; g >= 0; g--) counts[groups[g]] = g ? ends[g - 1] : 0; // from now on: where the next goes
  for (const i of shown) if (keys) for (const key of keys[of[i]]) sorted[counts[key]++] = i; else sorted[counts[of[i]]++] = i;
  layRows();
  const total = state.chosen[VERDICT].size ? N : N - passes;
  const all = shown.length === total;
  $("count").textContent = `${digits(shown.length)} ${all ? "" : `of ${digits(total)} `}finding${(all ? shown.length : total) === 1 ? "" : "s"}`;
  $("clear").hidden = !state.q && state.chosen.every((c) => !c.size);
};

const layRows = () => {
  turn++;
  rows = new Int32Array(groups.length + sorted.length);
  let at = 0;
  groups.forEach((key, g) => {
    rows[at++] = -1 - g;
    if (!state.folded.has(key)) for (let m = g ? ends[g - 1] : 0; m < ends[g]; m++) rows[at++] = sorted[m];
  });
  rows = rows.subarray(0, at);
  cursor = state.open < 0 ? -1 : rows.indexOf(state.open);
  $("fold").hidden = !groups.length;
  $("fold").textContent = state.folded.size ? "Unfold all" : "Fold all";
  draw(0);
};

// What the drawing needs to know of the layout is kept: to ask for it after a change costs a layout.
const SPARE = 6; // rows drawn above and below those in view
let rowHeight = 0;
let seen = innerHeight; // of the list
let scrolled = 0;
let drawn = 0; // the first row that is drawn
let turn = 0; // of arranging: rows of another turn are filled anew
const measure = () => { rowHeight = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")); };
const scrollList = (top) => { if (top !== scrolled) list.scrollTop = scrolled = top; };

// Rows are kept and filled anew, which is less work than new ones; in scrolling, what leaves at one end comes in at the
// other. Without spare ones only what is in view is filled.
const draw = (spare = SPARE) => {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - spare);
  const end = Math.ceil((scrolled + seen) / rowHeight);
  const last = Math.min(rows.length, end + spare);
  const most = Math.max(0, Math.min(rows.length, end + SPARE) - first);
  if (Math.abs(first - drawn) < body.childElementCount) {
    for (; drawn < first; drawn++) body.append(body.firstChild);
    for (; drawn > first; drawn--) body.prepend(body.lastChild);
  }
  drawn = first;
  while (body.childElementCount > most) body.lastChild.remove();
  for (let at = first, node = body.firstChild; at < last; at++, node = node.nextSibling) {
    const shape = rows[at] < 0 ? "head" : "item";
    if (node?.shape !== shape) {
      const other = blank(shape);
      if (node) node.replaceWith(other); else body.append(other);
      node = other;
    }
    fill(node, at);
  }
  body.style.height = `${rows.length * rowHeight}px`;
  if (cursor >= first && cursor < last) list.setAttribute("aria-activedescendant", `row-${cursor}`);
  else list.removeAttribute("aria-activedescendant");
};

const PARTS = { head: ["fold", "name", "more", "tally"], item: ["sev", "what", "who", "where"] };
const blank = (shape) => {
  const parts = PARTS[shape].map((name) => el("span", name, name === "where" ? el("bdi", "", new Text()) : new Text()));
  const node = set(el("div", `row ${shape}`, ...parts), { role: "treeitem", "aria-level": shape === "head" ? 1 : 2 });
  return Object.assign(node, { shape, parts, texts: parts.map((one) => one.querySelector("bdi")?.firstChild || one.firstChild) });
};
const say = (node, n, text) => { if (node.texts[n].data !== text) node.texts[n].data = text; };
const fill = (node, at) => {
  const one = rows[at];
  if (node.one !== one || node.turn !== turn) {
    if (one < 0) head(node, -1 - one); else line(node, one);
    Object.assign(node, { one, turn });
  }
  if (node.at !== at || node.height !== rowHeight) {
    Object.assign(node, { at, height: rowHeight });
    node.id = `row-${at}`;
    node.style.top = `${at * rowHeight}px`;
  }
  const chosen = at === cursor;
  node.classList.toggle("at", chosen);
  set(node, { "aria-selected": chosen });
  if (one >= 0) return;
  const folded = state.folded.has(groups[-1 - one]);
  say(node, 0, folded ? "▸" : "▾");
  set(node, { "aria-expanded": !folded });
};

const head = (node, g) => {
  const { text, more } = GROUPS[state.group];
  say(node, 1, text(groups[g]));
  say(node, 2, more ? more(groups[g]) : "");
  const counts = new Int32Array(LABELS.length);
  for (let m = g ? ends[g - 1] : 0; m < ends[g]; m++) counts[kind[sorted[m]]]++;
  const said = tallied(counts);
  if (String(said) === node.tally) return;
  node.tally = String(said);
  node.parts[3].replaceChildren(...said.map(([name, n]) => el("span", `key ${dashed(name)}`, `${digits(n)} ${name}`)));
};

const line = (node, i) => {
  const other = state.group === "resource" ? R[data.rule[i]][ID] : S[data.address[i]];
  [label(i), S[data.message[i]], other, place(i)].forEach((text, n) => say(node, n, text));
  node.parts[0].className = `sev ${dashed(label(i))}`;
  node.parts[1].title = S[data.message[i]];
  node.parts[2].title = [other, S[data.account[i]]].filter(Boolean).join(" · ");
};

const move = (to, open) => {
  cursor = Math.max(0, Math.min(rows.length - 1, to));
  if (cursor * rowHeight < scrolled) scrollList(cursor * rowHeight);
  if ((cursor + 1) * rowHeight > scrolled + seen) scrollList((cursor + 1) * rowHeight - seen);
  if (rows[cursor] >= 0) show(rows[cursor], open);
  draw();
};

const fold = (at) => {
  const key = groups[-1 - rows[at]];
  if (!state.folded.delete(key)) state.folded.add(key);
  layRows();
  cursor = at;
  draw();
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
  const [said, more] = !N ? ["Nothing to show", "No rule had anything to say."]
    : !shown.length ? ["Nothing matches", "No finding passes these filters."]
      : ["By theme", "Choose a finding to see its evidence, the line to mend and why it matters."];
  $("card").replaceChildren(el("h2", "", said), el("p", "dim", more), ...lines);
};

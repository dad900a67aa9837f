// What is said of one finding, beside the list and on paper. Their block has a card on each line, read when it
// is asked for; what all cards share is on the last.
let cards = null;
let soon = null;
const fetchCards = () => (soon ??= parsed.then(() => block("cards")).then((text) => {
  const lines = text.split("\n");
  const rest = JSON.parse(`{"findings":[${lines.pop()}`);
  cards = { lines: lines.slice(1), code: rest.code, texts: rest.texts.split("\x7f") };
}));
const more = (i) => JSON.parse(cards.lines[i].replace(/,$/, ""));
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
  if (!f[COMMENT] || !data.file[i]) { // what no file holds is waived beside the code
    const end = new Date(Date.now() + 90 * 864e5).toISOString().slice(0, 10);
    const entry = { rule: r[ID], address: S[data.address[i]], reason: "why this is accepted" };
    const lines = Object.entries(entry).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    return part("Waiver", el("p", "", "In assay-waivers.toml, with your reason:"), copyable(["[[waiver]]", ...lines, `expires = ${end}`].join("\n")));
  }
  return part("Waiver", el("p", "", "Above the block, with your reason:"), copyable(`# assay: allow[${r[ID]}] why this is accepted`));
};

const soft = (text) => text.split(/(?<=[./:\]])/).flatMap((piece) => [piece, el("wbr")]); // where a long name may break
const title = (i) => [
  el("p", "kicker", tag(i), data.verdict[i] === FAIL ? "" : el("span", "", data.severities[data.severity[i]]), el("code", "", R[data.rule[i]][ID]),
    el("span", "dim", R[data.rule[i]][THEME]), S[data.change[i]] === "unchanged" ? "" : el("span", "", S[data.change[i]])),
  el("h2", "", ...soft(S[data.message[i]])),
  el("p", "address", el("code", "", ...soft(S[data.address[i]])),
    el("span", "dim", [data.type, data.source, data.account, data.region].map((c) => S[c[i]]).filter(Boolean).join(" · "))),
  place(i) ? el("p", "place", el("code", "", place(i))) : null,
].filter(Boolean);

const card = (i) => {
  if (!cards) return title(i); // who prints at once gets what is there
  const f = more(i);
  const T = cards.texts;
  const r = R[data.rule[i]];
  const ids = (list) => el("p", "ids", ...list.map((id) => el("code", "", id)));
  const file = data.file[i] && S[data.file[i]];
  const here = file && excerpt(T.indexOf(file), file, data.line[i], f[LAST], f[MARK]);
  return [
    ...title(i),
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
  if (open) document.body.classList.add("open");
  fetchCards().then(() => { // at once, but for the first
    if (state.open !== i) return;
    const close = set(el("button", "close", "Close"), { type: "button" });
    close.addEventListener("click", shut);
    $("card").replaceChildren(close, ...card(i));
    $("card").scrollTop = 0;
    if (open === "key" || (open && narrow.matches)) $("card").focus();
    remember(open);
  });
};

const shut = () => {
  document.body.classList.remove("open");
  list.focus();
};

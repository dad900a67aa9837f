// The filters as chips, the address that keeps them, and the hands: mouse, keyboard, paper.
const PAPER_MOST = 1000;
const chips = FACETS.map((facet, k) => {
  const made = new Map();
  const box = el("details", "facet", el("summary", "", facet.name), el("div", "chips"));
  let counts = facet.all;
  const paint = (latest = counts) => { // what is closed is painted when it is opened
    counts = latest;
    if (!box.open) return;
    if (!made.size) for (const key of facet.found) made.set(key, chip(key));
    if (!box.lastChild.firstChild) box.lastChild.append(...made.values());
    press();
    for (const [key, one] of made) {
      if (one.count === counts[key]) continue;
      one.count = counts[key];
      one.classList.toggle("empty", !one.count);
      one.lastChild.textContent = digits(one.count);
    }
  };
  const press = () => {
    for (const [key, one] of made) {
      const pressed = String(state.chosen[k].has(key));
      if (one.getAttribute("aria-pressed") !== pressed) one.setAttribute("aria-pressed", pressed);
    }
  };
  const chip = (key) => {
    const one = set(el("button", "chip", el("span", "", facet.text(key)), el("span", "n")), { type: "button", "aria-pressed": "false" });
    if (k === 0) one.firstChild.className = `key ${facet.text(key)}`;
    one.addEventListener("click", () => choose(k, key));
    return one;
  };
  box.open = facet.name !== "rule" && !narrow.matches;
  box.addEventListener("toggle", () => paint());
  if (facet.found.length > 1 || (facet.found.length && !facet.rare)) $("facets").append(box);
  return { box, paint, press };
});

// What stands beside the list follows when the list is on the screen: nobody waits for it.
const behind = () => {
  const counts = facetCounts();
  chips.forEach(({ paint }, k) => paint(counts[k]));
  if (state.open < 0) overview();
  draw();
};
let promised = 0;
const painted = (next) => {
  cancelAnimationFrame(promised);
  promised = requestAnimationFrame(() => setTimeout(next));
};
const refilter = (step) => {
  state.open = -1;
  scrollList(0);
  filter();
  chips.forEach(({ press }) => press());
  painted(behind);
  remember(step);
};

const choose = (k, key) => {
  if (!state.chosen[k].delete(key)) state.chosen[k].add(key);
  refilter(true);
};

// --- the address: every view can be sent to somebody ---
let written = "";
let waiting = 0;
const address = () => {
  const said = new URLSearchParams();
  if (state.view !== "findings") said.set("view", state.view);
  if (state.q) said.set("q", state.q);
  if (state.group !== "rule") said.set("group", state.group);
  FACETS.forEach((facet, k) => { for (const key of state.chosen[k]) said.append(facet.name, facet.text(key)); });
  if (state.open >= 0 && cards) said.set("f", more(state.open)[PRINT]);
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
  if ((location.hash || "#") === written) return;
  const plain = /^#f-([0-9a-f-]+)$/.exec(location.hash); // the anchor of one finding
  const said = new URLSearchParams(plain ? `f=${plain[1]}` : location.hash.slice(1));
  state.q = said.get("q") || "";
  state.group = said.get("group") in GROUPS ? said.get("group") : "rule";
  FACETS.forEach((facet, k) => {
    const wanted = new Set(said.getAll(facet.name).flatMap((one) => [one, ...one.split(",")]));
    state.chosen[k] = new Set(facet.found.filter((key) => wanted.has(facet.text(key))));
    if (state.chosen[k].size && !narrow.matches) chips[k].box.open = true; // what filters is to be seen
  });
  look(said.get("view") || "findings");
  state.open = said.has("f") && cards ? cards.lines.findIndex((one) => one.startsWith(`["${said.get("f")}",`)) : -1;
  if (passes && data.verdict[state.open] === PASS && !state.chosen[VERDICT].size) state.chosen[VERDICT].add(PASS);
  $("q").value = state.q;
  $("group").value = state.group;
  filter();
  behind();
  if (cursor >= 0) move(cursor, false);
  if (state.open >= 0) document.body.classList.add("open");
  written = location.hash || "#";
};

// --- the views beside the list, which stand in the page ---
const tabs = [...$("tabs").children];
const look = (view) => {
  state.view = tabs.some((tab) => tab.dataset.view === view) ? view : "findings";
  const back = $("app").hidden && document.documentElement.dataset.ready;
  $("app").hidden = state.view !== "findings";
  if (back) scrolled = list.scrollTop;
  for (const tab of tabs) {
    if (tab.dataset.view === state.view) tab.setAttribute("aria-current", "page"); else tab.removeAttribute("aria-current");
    if (tab.dataset.view !== "findings") $(`view-${tab.dataset.view}`).hidden = tab.dataset.view !== state.view;
  }
};
for (const tab of tabs) {
  tab.addEventListener("click", () => {
    look(tab.dataset.view);
    draw();
    remember(true);
  });
}

// --- hands ---
$("q").addEventListener("input", () => {
  state.q = $("q").value;
  refilter(false);
});
$("group").addEventListener("change", () => {
  state.group = $("group").value;
  state.folded.clear();
  scrollList(0);
  arrange();
  painted(behind);
  remember(true);
});
$("clear").addEventListener("click", () => {
  state.q = $("q").value = "";
  state.chosen.forEach((c) => c.clear());
  refilter(true);
});
$("fold").addEventListener("click", () => {
  state.folded = new Set(state.folded.size ? [] : groups);
  layRows();
  draw();
});
let frame = 0;
list.addEventListener("scroll", () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    scrolled = list.scrollTop;
    draw();
  });
}, { passive: true });
new ResizeObserver(([{ contentRect }]) => {
  if (!contentRect.height) return; // another view is shown
  seen = contentRect.height;
  measure();
  draw();
}).observe(list);
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
    const page = Math.max(1, Math.floor(seen / rowHeight) - 1);
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
  $("paper").replaceChildren(...Array.from(shown.subarray(0, PAPER_MOST), (i) => el("article", "", ...card(i))),
    left > 0 ? el("p", "", `${digits(left)} more findings are not printed; filter to print others.`) : "");
});
addEventListener("afterprint", () => $("paper").replaceChildren());
addEventListener("hashchange", recall);

if (/\bf[=-]/.test(location.hash)) await fetchCards(); // a link to one finding needs the cards
$("tabs").hidden = tabs.length < 2;
measure();
recall();
document.documentElement.dataset.ready = String(Math.round(performance.now()));
parsed.then(() => setTimeout(() => { // what the first card, paper and the first search will need
  fetchCards();
  lower();
  setTimeout(() => search("a"));
}));

// A path as a drawing: its stations from top to bottom. The list of the trace beside it says the same in words.
const drawPath = (stations) => { // [{kind, address, note}]
  const make = (tag, attributes, ...kids) => {
    const node = document.createElementNS(document.querySelector("svg").namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...kids);
    return node;
  };
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const step = 50;
  const width = 420;
  const said = stations.map(({ kind, address, note }) => `${kind} ${address || note}`).join(", then ");
  const svg = make("svg", { class: "path", viewBox: `0 0 ${width} ${step * stations.length}`, role: "img", "aria-label": `Path: ${said}` });
  stations.forEach(({ kind, address, note }, n) => {
    const y = step * n + 16;
    if (n) {
      svg.append(make("line", { x1: 14, x2: 14, y1: y - step + 9, y2: y - 13 }), make("path", { d: `M9,${y - 15} h10 l-5,6 z` }));
    }
    const ends = n === 0 || n === stations.length - 1;
    svg.append(make("circle", { cx: 14, cy: y, r: 7, class: ends ? "end" : "" }),
      make("text", { x: 32, y: y + 1 }, make("title", {}, note), make("tspan", { class: "kind" }, `${kind}  `), cut(address || note, 44)),
      make("text", { x: 32, y: y + 18, class: "note" }, make("title", {}, note), address && note !== address ? cut(note, 62) : ""));
  });
  return svg;
};

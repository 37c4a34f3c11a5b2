// Draws a blast radius with cytoscape, loaded only where a drawing is: the broken one at the left, what breaks with it to
// the right. A mark beside each name says its health, colour repeats it. The list beside the drawing holds the same.

const WIDTH = 188;
const SIZE = 13;
const MARKS = { bad: "✕ ", exhausted: "✕ ", "at-risk": "▲ ", "no-data": "? ", healthy: "✓ ", none: "" };

function load(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = () => reject(new Error("The drawing library could not be loaded"));
    document.head.append(script);
  });
}

// A custom property may hold light-dark(…): only a real element knows which, and a canvas says it as bytes
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function colours() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(--p-${name})`;
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = getComputedStyle(probe).color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
    return `rgb(${r},${g},${b})`;
  };
  const names = ["ink", "ink-2", "ink-3", "surface", "line-strong", "accent", "bad", "bad-mark", "warn-mark", "good-mark", "none-mark"];
  const found = Object.fromEntries(names.map((name) => [name, read(name)]));
  probe.remove();
  return found;
}

function look() {
  const c = colours();
  const border = (name) => ({ "border-color": c[name] });
  return [
    { selector: "node", style: {
      shape: "round-rectangle", width: WIDTH, height: 44, "background-color": c.surface, "border-width": 1.25, ...border("line-strong"),
      label: "data(words)", color: c.ink, "font-family": getComputedStyle(document.body).fontFamily, "font-size": SIZE, "line-height": 1.25,
      "text-wrap": "wrap", "text-max-width": 2 * WIDTH, "text-valign": "center", "text-halign": "center" } },
    { selector: "node.bad, node.exhausted", style: { ...border("bad-mark"), color: c.bad, "border-width": 2 } },
    { selector: "node.at-risk", style: border("warn-mark") },
    { selector: "node.healthy", style: border("good-mark") },
    { selector: "node.no-data", style: { ...border("none-mark"), "border-style": "dashed" } },
    { selector: "node.none", style: { color: c["ink-2"] } },
    { selector: "node.self", style: { ...border("accent"), "border-width": 3, color: c.ink } },
    { selector: "node.seen", style: { "border-width": 3 } },
    { selector: "edge", style: {
      width: 1.25, "line-color": c["ink-3"], "curve-style": "bezier", "target-arrow-shape": "triangle", "target-arrow-color": c["ink-3"],
      "arrow-scale": 0.8, opacity: 0.75 } },
  ];
}

/** A text as long as a box has room for it on one line. */
function short(text) {
  pen.font = `${SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  const fits = (said) => pen.measureText(said).width <= WIDTH - 12;
  let cut = text;
  while (cut && !fits(cut === text ? text : `${cut}…`)) cut = cut.slice(0, -1);
  return cut === text ? text : `${cut.trimEnd()}…`;
}

function elements({ nodes, edges }) {
  return [
    ...nodes.map((one) => ({
      data: { id: String(one.id), url: one.url, words: `${short((MARKS[one.health] ?? "") + one.label)}\n${short(one.sub)}` },
      classes: one.self ? `${one.health} self` : one.health,
    })),
    ...edges.map(([from, to]) => ({ data: { id: `${from}-${to}`, source: String(from), target: String(to) } })),
  ];
}

// As tall as its names need to be read, up to a few screens: a canvas of one height makes many of them tiny
const TALLEST = 1800;
function unfold(cy, box) {
  const drawn = cy.elements().boundingBox();
  const needed = Math.ceil(drawn.h * Math.min(1, (box.clientWidth - 32) / drawn.w)) + 32;
  if (needed > box.clientHeight) {
    box.style.height = `${Math.min(needed, TALLEST)}px`;
    cy.resize();
  }
}

// All of it, always: what is cut off looks as if it were not there. The list beside it can be read at any size
function place(cy) {
  cy.fit(undefined, 16);
  if (cy.zoom() > 1) cy.zoom(1) && cy.center();
}

async function draw(box) {
  try {
    await load(box.dataset.cytoscape);
    await load(box.dataset.dagre);
  } catch (error) {
    box.textContent = `${error.message}. The list holds the same.`;
    return;
  }
  const figure = JSON.parse(document.getElementById(box.dataset.graph).textContent);
  box.replaceChildren();
  const cy = window.cytoscape({
    container: box, elements: elements(figure), style: look(), minZoom: 0.1, maxZoom: 2,
    userZoomingEnabled: false, userPanningEnabled: matchMedia("(pointer: fine)").matches, autoungrabify: true, boxSelectionEnabled: false,
    layout: { name: "dagre", rankDir: "LR", nodeSep: 12, rankSep: 40, animate: false, fit: false },
  });
  unfold(cy, box);
  place(cy);
  cy.on("tap", "node", (event) => location.assign(event.target.data("url")));
  cy.on("mouseover", "node", (event) => { event.target.addClass("seen"); box.classList.add("is-over"); });
  cy.on("mouseout", "node", (event) => { event.target.removeClass("seen"); box.classList.remove("is-over"); });
  for (const button of box.closest(".radius").querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "fit") place(cy);
      else cy.zoom({ level: cy.zoom() * Number(button.dataset.zoom), renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    });
  }
  new MutationObserver(() => cy.style(look())).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => cy.style(look()));
  box.dataset.drawn = figure.nodes.length;
}

// Once it has room: where there is only the list, nobody pays for a drawing
const roomy = new ResizeObserver((boxes) => {
  for (const { target, contentRect } of boxes) {
    if (!contentRect.width) continue;
    roomy.unobserve(target);
    draw(target);
  }
});
for (const box of document.querySelectorAll("[data-graph]")) roomy.observe(box);

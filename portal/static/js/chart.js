// Draws figures with Plotly once they come into view, in one look for all, and again when the theme changes.
// The figure is Plotly JSON from json_script. It names roles, never colours: `meta.role` on a trace, `name` on shapes and
// annotations, or any "var(--p-…)" where Plotly takes a colour. See templates/components/README.md, "Charts".

const figures = new WeakMap();
let library;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("meta[name=plotly]").content;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { library = undefined; reject(new Error("The chart library could not be loaded")); };
    document.head.append(script);
  });
  return library;
}

// A custom property may hold light-dark(…); only a real element knows which of the two it is now
function resolver() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const seen = new Map();
  const colour = (css) => {
    if (!seen.has(css)) {
      probe.className = "";
      probe.style.color = css;
      seen.set(css, toRgba(getComputedStyle(probe).color));
    }
    return seen.get(css);
  };
  return { colour, done: () => probe.remove() };
}

// Plotly reads rgb(), not oklab() or color(srgb …): let a canvas say the bytes
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function toRgba(css) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = css;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${r},${g},${b},${+(a / 255).toFixed(3)})`;
}

function withColours(value, colour) {
  if (typeof value === "string") return value.includes("var(--p-") ? colour(value) : value;
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((item) => withColours(item, colour));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withColours(item, colour)]));
  }
  return value;
}

const ROLES = {
  main: { line: { width: 1.75, color: "var(--p-accent)" }, marker: { color: "var(--p-accent)" } },
  second: { line: { width: 1.25, color: "var(--p-ink-3)" } },
  faint: { line: { width: 1, color: "var(--p-edge)" } },
  dashed: { line: { width: 1.25, color: "var(--p-ink-3)", dash: "4px,3px" } },
  all: { marker: { color: "var(--p-line-strong)" } },
  bad: { line: { width: 1.75, color: "var(--p-bad-mark)" }, marker: { color: "var(--p-bad-mark)" } },
  good: { line: { width: 1.75, color: "var(--p-good-mark)" }, marker: { color: "var(--p-good-mark)" } },
};
const TONES = { bad: "var(--p-bad)", warn: "var(--p-warn)", good: "var(--p-good)", accent: "var(--p-accent)", none: "var(--p-ink-2)" };
const tone = (name, fallback) => TONES[(name ?? "").split(/[ :]/).find((word) => word in TONES)] ?? fallback;

const merge = (base, over) => {
  const out = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    out[key] = value && typeof value === "object" && !Array.isArray(value) ? merge(out[key] ?? {}, value) : value;
  }
  return out;
};

function trace(raw) {
  const role = raw.meta?.role ?? "main";
  const base = { type: "scatter", showlegend: false, ...ROLES[role] };
  if (raw.type !== "bar") {
    Object.assign(base, { mode: "lines", connectgaps: false, cliponaxis: raw.mode !== "markers" });
    if (raw.meta?.area) Object.assign(base, { fill: "tozeroy", fillcolor: "color-mix(in srgb, var(--p-accent) 8%, transparent)" });
  }
  return merge(base, raw);
}

const AXIS = { zeroline: false, fixedrange: true, automargin: false, tickfont: { size: 11, color: "var(--p-ink-2)" }, title: { text: "" } };
// one line a tick: what changes at that distance, the rest is in the hover label
const STOPS = [
  { dtickrange: [null, 60000], value: "%H:%M:%S" }, { dtickrange: [60000, 43200000], value: "%H:%M" },
  { dtickrange: [43200000, 86400000], value: "%-d %b %H:%M" }, { dtickrange: [86400000, "M1"], value: "%-d %b" },
  { dtickrange: ["M1", null], value: "%b %Y" },
];
const moment = (x) => (typeof x === "number" ? x : Date.parse(x));

function extent(data) {
  const all = data.flatMap((one) => one.x ?? []);
  if (!all.length || Number.isNaN(moment(all[0]))) return null;
  return [all.reduce((a, b) => (moment(b) < moment(a) ? b : a)), all.reduce((a, b) => (moment(b) > moment(a) ? b : a))];
}

// words beside a vertical line stand on the side where there is room
function beside(note, span) {
  if (note.xanchor !== "auto" || note.xref === "paper" || !span) return note;
  const place = (moment(note.x) - moment(span[0])) / (moment(span[1]) - moment(span[0]));
  return place > 0.6 ? { ...note, xanchor: "right", xshift: -3 } : { ...note, xanchor: "left", xshift: 3 };
}

function layout(raw, data, size) {
  const look = {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, height: size.height, bargap: 0.22,
    margin: { l: 40, r: 8, t: 10, b: 22, pad: 0 }, hovermode: "x unified", dragmode: false,
    font: { family: getComputedStyle(document.body).fontFamily, size: 11, color: "var(--p-ink-2)" },
    hoverlabel: { bgcolor: "var(--p-surface)", bordercolor: "var(--p-line-strong)", font: { size: 12, color: "var(--p-ink)" } },
    xaxis: { ...AXIS, showgrid: false, linecolor: "var(--p-line-strong)", showline: true, nticks: size.width < 520 ? 4 : 7, tickformatstops: STOPS },
    yaxis: { ...AXIS, gridcolor: "var(--p-line)", nticks: 5, showticksuffix: "last" },
  };
  const out = merge(look, { ...raw, title: undefined, template: undefined });
  out.shapes = (raw.shapes ?? []).map((shape) => merge({ line: { width: 1, dash: "3px,3px", color: tone(shape.name, "var(--p-ink-3)") } }, shape));
  const span = raw.xaxis?.range ?? extent(data);
  if (span && !data.some((one) => one.type === "bar")) out.xaxis.range = span;
  out.annotations = (raw.annotations ?? []).map((note) => merge({
    showarrow: false, font: { size: 11, color: tone(note.name, "var(--p-ink-2)") },
    bgcolor: "color-mix(in srgb, var(--p-surface) 78%, transparent)", borderpad: 1,
  }, beside(note, span)));
  return out;
}

async function draw(box) {
  const source = document.getElementById(box.dataset.chart);
  if (!source) return;
  let figure = JSON.parse(source.textContent);
  if (typeof figure === "string") figure = JSON.parse(figure);
  const { colour, done } = resolver();
  const data = withColours((figure.data ?? []).map(trace), colour);
  const form = withColours(layout(figure.layout ?? {}, figure.data ?? [], { width: box.clientWidth, height: box.clientHeight }), colour);
  done();
  try {
    const lib = await plotly();
    if (box.classList.contains("chart-wait")) {
      box.replaceChildren();
      box.classList.remove("chart-wait");
    }
    await lib.react(box, data, form, { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false });
    figures.set(box, true);
  } catch (error) {
    box.textContent = `${error.message}. The table below has the same numbers.`;
  }
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "300px" });

const boxes = (root) => root.querySelectorAll?.("[data-chart]") ?? [];
const watch = (root) => { for (const box of boxes(root)) if (!figures.has(box)) near.observe(box); };

watch(document);
document.addEventListener("htmx:after:swap", () => watch(document));
new MutationObserver(() => { for (const box of boxes(document)) if (figures.has(box)) draw(box); })
  .observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

// What the pages do on top of working without script: theme switch, running times, menus that close, calm polling, keys.

const root = document.documentElement;

// Theme -------------------------------------------------------------------------------------------------------------
const switches = () => document.querySelectorAll("[data-theme-switch]");

function nameSwitch() {
  const dark = root.dataset.bsTheme === "dark";
  for (const button of switches()) {
    const words = dark ? "Light theme" : "Dark theme";
    button.setAttribute("aria-label", words);
    button.title = words;
    const text = button.querySelector("span");
    if (text) text.textContent = words;
    const use = button.querySelector("use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, dark ? "#i-sun" : "#i-moon"));
  }
}

function switchTheme() {
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", theme); } catch { /* private window: it lasts for this page */ }
  root.dataset.bsTheme = theme;
}

new MutationObserver(nameSwitch).observe(root, { attributeFilter: ["data-bs-theme"] });
nameSwitch();

// Times: the server's clock decides, the browser only counts on from it ------------------------------------------------
const given = Date.parse(document.querySelector("meta[name=now]")?.content ?? "");
const skew = Number.isNaN(given) ? 0 : given - Date.now();

function rough(seconds) {
  const s = Math.floor(Math.abs(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const minutes = Math.floor(s / 60) % 60;
  if (s < 36000) return `${Math.floor(s / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  const hours = s < 172800 ? Math.floor(s / 3600) % 24 : 0;
  return `${Math.floor(s / 86400)} d${hours ? ` ${hours} h` : ""}`;
}

function clock(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor(left / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

// What is days ahead is told by the calendar of the reader's zone, which the moment is written in: people count nights
function ahead(seconds, written) {
  if (seconds < 172800) return rough(seconds);
  const [, sign, hours, minutes] = written.match(/([+-])(\d\d):(\d\d)$/) ?? ["", "+", "0", "0"];
  const zone = (sign === "-" ? -60 : 60) * (60 * hours + Number(minutes));
  const day = (moment) => Math.floor((moment / 1000 + zone) / 86400);
  const then = Date.parse(written);
  return `${day(then) - day(then - 1000 * seconds)} d`;
}

const said = {
  ago: (past, _, written) => (
    Math.abs(past) < 1 ? "just now" : past < 0 ? `in ${ahead(-past, written)}` : `${rough(past)} ago`),
  since: (past) => rough(past),
  countdown: (past, { over = "now", before = "" }) => (past < 0 ? before + clock(-past) : over),
};

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-time]")) {
    const past = (Date.now() + skew - Date.parse(time.dateTime)) / 1000;
    const text = said[time.dataset.time]?.(past, time.dataset, time.dateTime);
    if (text && text !== time.textContent) time.textContent = text;
  }
}

setInterval(tick, 1000);
tick();

// Parts that refresh: not while nobody looks, at once when somebody does again. A part that can't be read stays as it was
// and says so: neither an error page nor, after the session ended, the sign-in page may take its place. ------------------
const POLLING = "[hx-trigger*=every]";
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.target.matches?.(POLLING)) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  tick();
  for (const part of document.querySelectorAll(POLLING)) part.dispatchEvent(new CustomEvent("every"));
});
document.addEventListener("htmx:before:response", (event) => {
  const { status, raw } = event.detail.ctx.response;
  if (!event.target.matches?.(POLLING) || (status < 400 && !raw.redirected)) return;
  event.preventDefault();
  event.target.classList.add("is-stale");
});
document.addEventListener("htmx:error", (event) => {
  if (event.target.matches?.(POLLING)) event.target.classList.add("is-stale");
});
document.addEventListener("htmx:after:swap", (event) => {
  event.target.classList?.remove("is-stale");
  tick();
});

// A second click on a form's button while the first is under way is none ----------------------------------------
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.timeStamp - (sent.get(event.target) ?? -Infinity) < 1500) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else sent.set(event.target, event.timeStamp);
}, true);

// A letter is shown whole: its frame, in which no script runs, becomes as high as what it holds --------------------
function fit(frame) {
  const held = frame.contentDocument?.documentElement;
  if (!held) return;
  frame.style.height = "0";
  frame.style.height = `${held.scrollHeight}px`;
}
const letters = document.querySelectorAll("iframe.letter");
for (const frame of letters) {
  frame.addEventListener("load", () => fit(frame));
  fit(frame);
}
if (letters.length) window.addEventListener("resize", () => letters.forEach(fit));

// Of tabs that don't fit beside one another the chosen one is in view; an edge that hides some, or days, says so --------
function edges(tabs) {
  const left = Math.abs(tabs.scrollLeft);
  tabs.classList.toggle("more-before", left > 1);
  tabs.classList.toggle("more-after", left + tabs.clientWidth < tabs.scrollWidth - 1);
}
const fitting = new ResizeObserver((seen) => seen.forEach((one) => edges(one.target)));
for (const tabs of document.querySelectorAll(".nav-underline, .scroll-x")) {
  const chosen = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
  const whole = tabs.getBoundingClientRect();
  if (chosen) tabs.scrollLeft += chosen.left - whole.left - (whole.width - chosen.width) / 2;
  tabs.addEventListener("scroll", () => edges(tabs), { passive: true });
  fitting.observe(tabs);
}

// Menus and keys ------------------------------------------------------------------------------------------------------
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  if (event.target.closest("[data-theme-switch]")) switchTheme();
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// Copying says what came of it, aloud too. Where the page may not write to the clipboard, as without HTTPS, the text is
// selected and the browser asked to copy that; where it won't, the reader's own keys do. -----------------------------
const spoken = document.createElement("div");
spoken.className = "visually-hidden";
spoken.setAttribute("role", "status");
document.body.append(spoken);

async function copy(button) {
  const from = button.dataset.copy ? document.querySelector(button.dataset.copy) : button.parentElement.querySelector("pre");
  if (!from) return;
  let done = true;
  try {
    await navigator.clipboard.writeText(from.textContent);
  } catch {
    getSelection().selectAllChildren(from);
    done = document.execCommand("copy");
  }
  const word = button.querySelector("span");
  word.textContent = done ? "Copied" : "Selected: copy it with Ctrl-C or ⌘-C";
  spoken.textContent = word.textContent;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => { word.textContent = "Copy"; spoken.textContent = ""; }, done ? 2000 : 8000);
}

// Filters apply as soon as they are ticked; the address then says them, and without script there is a button
document.addEventListener("change", (event) => {
  if (event.target.type === "checkbox" && event.target.form?.matches("[data-apply-at-once]")) event.target.form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = event.target.closest?.("details.menu[open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
    return;
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const search = document.querySelector('.topbar [type=search]');
  if (search && event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

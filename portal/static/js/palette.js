// The palette: Ctrl/⌘-K opens one box over everything. Without this script the same box is the page /search.

const palette = document.getElementById("palette");
const box = palette?.querySelector("[type=search]");
const answers = document.getElementById("palette-answers");
const options = () => [...answers.querySelectorAll("[role=option]")];
const chosen = () => answers.querySelector("[aria-selected=true]");
const typed = () => box.value.trim();

let answered = ""; // what the answers that are shown were asked with
let going = false; // Enter came before the answers to what is typed: their first is gone to as soon as they are there

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
}

function forget() {
  going = false;
  choose(null);
}

function go() {
  const option = chosen();
  if (option) location.assign(option.href);
}

function wait() {
  going = true;
  box.dispatchEvent(new CustomEvent("ask"));
}

function open() {
  if (palette.open) return;
  box.value = "";
  forget();
  palette.showModal();
  box.focus();
  box.dispatchEvent(new CustomEvent("ask"));
}

function move(by) {
  const all = options();
  if (!all.length) return;
  const at = all.indexOf(chosen());
  choose(all[(at + by + all.length) % all.length]);
}

const MOVES = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

if (palette) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (palette.open) palette.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  palette.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key in MOVES) {
      event.preventDefault();
      MOVES[event.key]();
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      go();
    } else if (event.key === "Enter" && typed() && typed() !== answered && !going) {
      event.preventDefault(); // a second time it sends the form: the page of answers
      wait();
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would first empty itself
      palette.close();
    }
  });
  // the first answer is chosen as soon as it is one to what is typed: type, Enter, there, however slow the answers are.
  // Not before anything is typed, where Enter would surprise, and never one to what was typed before
  box.addEventListener("input", forget);
  palette.addEventListener("close", forget);
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target !== box) return;
    answered = new URL(event.detail.ctx.request.action, location.href).searchParams.get("q")?.trim() ?? "";
    if (typed() !== answered) return;
    choose(answered ? options()[0] : null);
    if (going) go();
    going = false;
  });
  for (const failure of ["htmx:error", "htmx:response:error"]) {
    document.addEventListener(failure, (event) => { if (event.target === box && going) box.form.submit(); });
  }
}

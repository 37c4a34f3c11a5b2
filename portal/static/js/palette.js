// The palette: Ctrl/⌘-K opens one box over everything. Without this script the same box is the page /search.

const palette = document.getElementById("palette");
const box = palette?.querySelector("[type=search]");
const answers = document.getElementById("palette-answers");
const options = () => [...answers.querySelectorAll("[role=option]")];
const chosen = () => answers.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
}

function open() {
  if (palette.open) return;
  box.value = "";
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
      location.assign(chosen().href);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would first empty itself
      palette.close();
    }
  });
  // the first answer is chosen at once: type, Enter, there. Not before anything is typed, where Enter would surprise
  document.addEventListener("htmx:after:swap", () => { if (palette.open) choose(box.value.trim() ? options()[0] : null); });
}

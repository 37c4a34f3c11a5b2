// Keys of the incident's page: each goes to what it stands for, `?` shows them all. Only taking it happens at once, for
// nothing is lost by it; calling, handing over and resolving need a second key.

const keys = document.getElementById("keys");
const TYPING = ":is(input, textarea, select, [contenteditable])";

function go(to) {
  if (to.matches("summary")) {
    to.parentElement.open = true;
    (to.parentElement.querySelector(TYPING + ":not([type=hidden])") ?? to).focus();
  } else if ("press" in to.dataset) {
    to.click();
  } else {
    to.closest("details")?.setAttribute("open", ""); // some are in the menu
    to.focus();
    to.scrollIntoView({ block: "center" });
  }
}

// A menu that begins with a name to be typed is opened to type it
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.menu[open]")) event.target.querySelector("input[list]")?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest?.(TYPING) || keys.open) return;
  if (event.key === "?") {
    event.preventDefault();
    keys.showModal();
    return;
  }
  const to = /^[a-z]$/.test(event.key) ? document.querySelector(`[data-key="${event.key}"]`) : null;
  if (!to) return;
  event.preventDefault();
  go(to);
});

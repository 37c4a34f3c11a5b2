// Writing a review: says when what is typed could not be saved, and asks before it would be lost by leaving the page.

const form = document.getElementById("review-form");
const saving = document.getElementById("saving");
let typed = 0;
let sent = 0;
let kept = 0;

form.addEventListener("input", () => { typed += 1; });
form.addEventListener("submit", () => { kept = typed; });
saving.addEventListener("htmx:before:request", () => { sent = typed; });
saving.addEventListener("htmx:after:swap", () => {
  if (saving.querySelector(".is-good")) kept = sent;
});
saving.addEventListener("htmx:error", () => {
  for (const before of saving.querySelectorAll("span")) before.remove();
  const said = document.createElement("span");
  said.className = "state is-bad";
  saving.append(said);
  said.textContent = "Not saved: the portal can't be reached. Your text is still here.";
});
window.addEventListener("beforeunload", (event) => {
  if (kept < typed) event.preventDefault();
});

// The documentation. A click on the sign beside a heading goes there, and copies the link to it.
document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.(".anchor");
  if (!anchor || !navigator.clipboard) return;
  navigator.clipboard.writeText(anchor.href).then(
    () => {
      anchor.dataset.copied = "";
      setTimeout(() => delete anchor.dataset.copied, 1500);
    },
    () => {}, // not allowed: the address bar has it all the same
  );
});

// Every block of code has a button that copies it; portal.js does that.
for (const code of document.querySelectorAll(".docs .prose pre")) {
  const box = document.createElement("div");
  const button = document.createElement("button");
  const word = document.createElement("span");
  box.className = "docs-code";
  button.className = "btn btn-sm";
  button.type = "button";
  button.dataset.copy = "";
  word.textContent = "Copy";
  button.append(word);
  code.replaceWith(box);
  box.append(code, button);
}

// The documentation: a click on the sign beside a heading goes there, and copies the link to it.
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

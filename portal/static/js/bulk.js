// Ticking many: a count, all at once, and none. Without it the boxes and the buttons work all the same.

for (const form of document.querySelectorAll("form[data-bulk]")) {
  const boxes = () => [...form.querySelectorAll("[name=ref]")];
  const all = form.querySelector("[data-tick-all]");
  const count = form.querySelector("[data-ticked]");
  const tell = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    if (count) count.textContent = `${ticked} selected`;
    if (all) {
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && !all.checked;
    }
  };
  const set = (checked) => {
    for (const box of boxes()) box.checked = checked;
    tell();
  };
  form.addEventListener("change", (event) => {
    if (event.target === all) set(all.checked);
    else if (event.target.name === "ref") tell();
  });
  form.querySelector("[data-tick-none]")?.addEventListener("click", () => set(false));
  addEventListener("pageshow", tell); // ticks come back with the back button
}

// A button that fills a line (data-fill names it): as if its value had been typed there.

document.addEventListener("click", (event) => {
  const from = event.target.closest("[data-fill]");
  const line = from && document.getElementById(from.dataset.fill);
  if (!line) return;
  line.value = from.value;
  line.dispatchEvent(new Event("input", { bubbles: true }));
  line.dispatchEvent(new Event("change", { bubbles: true }));
  line.focus();
});

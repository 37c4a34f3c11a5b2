// Runs before the first paint: the chosen theme, else the system's. Blocking on purpose, and small for that reason.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const apply = () => { root.dataset.bsTheme = chosen() ?? (dark.matches ? "dark" : "light"); };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  // Another theme is another colour nearly everywhere. Fading them all, each with what inherits it, takes seconds of
  // every look at a style, and charts look often.
  new MutationObserver(() => {
    root.classList.add("still");
    requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove("still")));
  }).observe(root, { attributeFilter: ["data-bs-theme"] });
})();

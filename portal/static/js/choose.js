// A form whose parts depend on a choice (data-choose names the field): parts for another choice (data-for) are put away.
// What is typed in them stays and is sent; the server reads only what belongs to the choice.

for (const form of document.querySelectorAll("form[data-choose]")) {
  const choice = document.getElementById(form.dataset.choose);
  const show = () => {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== choice.value;
  };
  choice.addEventListener("change", show);
  addEventListener("pageshow", show); // the browser's own memory of a form comes back without a change event
  show();
}

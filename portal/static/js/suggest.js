// Names offered while a query is written (data-suggest), for the word before the cursor. What that word is, and what fits,
// the server says; nothing is chosen until an arrow chooses it, so that Enter and Tab stay what they are.

const PAUSE = 150;

function attach(form, box) {
  const offer = document.createElement("div");
  offer.className = "offer";
  offer.hidden = true;
  offer.id = `${box.id}_offer`;
  const told = document.createElement("div"); // for those who don't see the list
  told.className = "visually-hidden";
  told.setAttribute("role", "status");
  const place = document.createElement("div");
  place.className = "offer-place";
  place.append(offer, told);
  box.after(place);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-expanded", "false");

  let timer = 0;
  let asking = null;
  let taken = false;
  const options = () => [...offer.querySelectorAll("[role=option]")];
  const chosen = () => offer.querySelector("[aria-selected=true]");

  function close() {
    clearTimeout(timer);
    asking?.abort();
    offer.hidden = true;
    offer.replaceChildren();
    told.textContent = "";
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  }

  function move(by) {
    const all = options();
    const at = all.indexOf(chosen());
    choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
  }

  function take(option) {
    const typed = option.closest("[data-typed]").dataset.typed;
    const name = option.textContent;
    const end = box.selectionEnd;
    close();
    box.setSelectionRange(end - typed.length, end);
    // as if typed, so that it can be undone; where a browser has that no more, it is put there
    taken = true;
    if (!document.execCommand("insertText", false, name)) {
      box.setRangeText(name, end - typed.length, end, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  async function ask() {
    if (document.activeElement !== box || box.selectionStart !== box.selectionEnd) return;
    const before = box.value.slice(0, box.selectionEnd);
    const asked = new URLSearchParams({ before: before.slice(-4000), source: form.elements.source?.value ?? "" });
    if (box.dataset.suggest === "histograms") asked.set("histograms", "1");
    asking?.abort();
    asking = new AbortController();
    let page;
    try {
      const answer = await fetch(`${form.dataset.suggestions}?${asked}`, { signal: asking.signal });
      if (!answer.ok || answer.redirected) return close(); // signed out meanwhile: the form says so when it is sent
      page = await answer.text();
    } catch { return; } // asked anew, or the portal is away, which saving tells
    if (document.activeElement !== box || box.value.slice(0, box.selectionEnd) !== before) return;
    offer.innerHTML = page;
    for (const option of options()) option.id = `${box.id}_${option.id}`;
    const list = offer.querySelector("[role=listbox]");
    if (list) {
      list.id = `${box.id}_list`;
      box.setAttribute("aria-controls", list.id);
    } else box.removeAttribute("aria-controls");
    box.setAttribute("aria-expanded", String(Boolean(list)));
    box.removeAttribute("aria-activedescendant");
    offer.hidden = !offer.firstElementChild;
    if (!offer.hidden) offer.scrollIntoView({ block: "nearest" });
    told.textContent = offer.querySelector(".offer-words")?.textContent ?? "";
  }

  box.addEventListener("input", () => {
    if (taken) {
      taken = false;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || offer.hidden) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && options().length) {
      event.preventDefault();
      move(moves[event.key]);
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      take(chosen());
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
  });
  box.addEventListener("blur", close);
  offer.addEventListener("pointerdown", (event) => event.preventDefault()); // the box stays where one writes
  offer.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

for (const form of document.querySelectorAll("form[data-suggestions]")) {
  for (const box of form.querySelectorAll("[data-suggest]")) attach(form, box);
}

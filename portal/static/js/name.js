// A name made of the title while one types (data-name-of says of which fields), as long as nobody wrote one. The same
// rules as portal.lib.naming, which makes it where there is no script.

const SPELLED = { ß: "ss", ø: "o", æ: "ae", œ: "oe", ł: "l", đ: "d" };
const LONGEST = 63;

function slug(title) {
  const plain = title.toLowerCase().replace(/[ßøæœłđ]/g, (one) => SPELLED[one]);
  return plain.normalize("NFKD").replace(/\p{Mn}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}

function nameOf(titles) {
  let made = "";
  for (const title of titles) {
    const part = slug(title);
    made = `${part}-`.startsWith(`${made}-`) ? part : `${made}-${part}`.replace(/^-+|-+$/g, "");
  }
  return made.slice(0, LONGEST).replace(/-+$/, "");
}

for (const box of document.querySelectorAll("input[data-name-of]")) {
  const fields = box.dataset.nameOf.split(" ").map((name) => box.form.elements[name]);
  // a component by its reference: what comes after the namespace is its name
  const made = () => nameOf(fields.map((field) => (field.matches("select") ? field.value.replace(/^.*\//, "") : field.value)));
  const complete = () => fields.at(-1).value.trim() !== "";
  let own = box.value !== "" && box.value !== made() && !("suggested" in box.dataset);
  box.addEventListener("input", () => { own = box.value !== ""; });
  const fill = () => { if (!own && !box.disabled && complete()) box.value = made(); };
  for (const field of fields) field.addEventListener(field.matches("select") ? "change" : "input", fill);
  if (!box.value) fill();
}

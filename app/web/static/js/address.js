// The fields of an address follow its country, and what was typed stays.

/** Show the fields of a country as soon as it is chosen. */
export function addresses() {
  document.querySelectorAll("[data-address]").forEach(follow);
  addEventListener("fields", () => document.querySelectorAll("[data-address]").forEach(follow));
}

function follow(part) {
  if (part.dataset.followed) return;
  part.dataset.followed = "yes";
  const { prefix, group, needsName } = part.dataset;
  const country = part.querySelector(`[name="${prefix}country"]`);
  const typed = new Map();
  let asked = 0;
  part.querySelector("[data-change-country]").hidden = true;
  country.addEventListener("change", async () => {
    const turn = ++asked;
    const query = new URLSearchParams({ country: country.value, prefix, group, needs_name: needsName });
    try {
      const answer = await fetch(`/address-form?${query}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fields = page.querySelector("[data-address-fields]");
      if (turn !== asked) return;
      if (!fields) throw new Error("no fields");
      const old = part.querySelector("[data-address-fields]");
      for (const { name, value } of old.querySelectorAll("input:not([type=hidden]), select, textarea")) typed.set(name, value);
      for (const field of fields.querySelectorAll("input:not([type=hidden]), select, textarea")) fill(field, typed.get(field.name));
      old.replaceWith(fields);
    } catch {
      part.querySelector("[data-change-country]").hidden = false;
    }
  });
}

function fill(field, value) {
  if (!value) return;
  if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) return;
  field.value = value;
}

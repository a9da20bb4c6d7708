// The total follows what is chosen: the form is sent in the background, and its answer shows what changed.

const PARTS = ["[data-checkout-options]", "[data-checkout-sum]"];
const FOLLOWED = new Set(["method", "bill_elsewhere", "ship_country", "ship_region", "ship_postal_code"]);

/** Follow the form of the checkout, where there is one. */
export function checkout() {
  const form = document.querySelector("[data-checkout]");
  if (!form) return;
  let turn = 0;
  hideButtons(form);
  form.addEventListener("change", async ({ target }) => {
    if (!FOLLOWED.has(target.name)) return;
    const mine = ++turn;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("update", "1");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine === turn) show(form, page, target);
    } catch {
      form.querySelectorAll("[data-without-scripts]").forEach((part) => (part.hidden = false));
    }
  });
}

function show(form, page, target) {
  for (const part of PARTS) replace(form, page, part);
  if (target.name === "method") replaceUnless(form, page, "[data-checkout-ship]", "[data-address]");
  if (target.name === "bill_elsewhere") replaceUnless(form, page, "[data-checkout-bill]", "[data-address]");
  hideButtons(form);
  form.dispatchEvent(new CustomEvent("fields", { bubbles: true }));
  if (!document.contains(target)) {
    form.querySelector(`[name="${target.name}"]${target.type === "radio" ? `[value="${target.value}"]` : ""}`)?.focus();
  }
}

/** What was typed stays where both have the fields or both have none. */
function replaceUnless(form, page, part, mark) {
  const [old, now] = [form.querySelector(part), page.querySelector(part)];
  if (Boolean(old.querySelector(mark)) !== Boolean(now?.querySelector(mark))) replace(form, page, part);
}

function replace(form, page, part) {
  const now = page.querySelector(part);
  if (now) form.querySelector(part).replaceWith(now);
}

function hideButtons(form) {
  form.querySelectorAll("[data-without-scripts]").forEach((part) => (part.hidden = true));
}

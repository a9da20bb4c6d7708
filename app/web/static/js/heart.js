// The heart answers at once; should the shop say otherwise, it goes back.
import { flash } from "./forms.js";

/** Make wishlist buttons work without leaving the page. */
export function hearts() {
  document.querySelectorAll("[data-wish]").forEach((form) => form.addEventListener("submit", (event) => toggle(event, form)));
}

async function toggle(event, form) {
  event.preventDefault();
  const button = form.querySelector("button");
  const wanted = form.elements.wished.value === "1";
  const fields = new URLSearchParams(new FormData(form));
  show(wanted);
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    if (answer.redirected) return location.assign(answer.url);
    const told = await answer.json();
    if (!answer.ok) show(!wanted);
    flash(told.text, answer.ok ? "good" : "bad");
  } catch {
    show(!wanted);
    flash("That did not work. Please try again.", "bad");
  }
  function show(wished) {
    button.setAttribute("aria-pressed", String(wished));
    form.elements.wished.value = wished ? "0" : "1";
  }
}

// Steppers for copies, adding to the basket without leaving the page, and a form that is sent once.
import { flash, send } from "./forms.js";

/** All that has to do with the basket. */
export function basket() {
  document.querySelectorAll("[data-stepper]").forEach(stepper);
  document.querySelectorAll("[data-add]").forEach(addInPlace);
  document.querySelectorAll("[data-once]").forEach(once);
}

function stepper(form) {
  const field = form.elements.quantity;
  let timer;
  const step = (by, icon, label) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "step", textContent: icon });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => {
      field.value = Math.max(1, Number(field.value) + by);
      field.dispatchEvent(new Event("change"));
    });
    return button;
  };
  form.classList.add("live");
  field.before(step(-1, "−", "One copy fewer"));
  field.after(step(1, "+", "One copy more"));
  field.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(), 500);
  });
}

function addInPlace(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await send(form, event.submitter);
      const told = await answer.json();
      flash(told.text, answer.ok ? "good" : "bad");
      showCount(told.count);
    } catch {
      form.submit();
    }
  });
}

function showCount(count) {
  const badge = document.querySelector("[data-basket-count]");
  badge.textContent = count;
  badge.hidden = !count;
}

function once(form) {
  form.addEventListener("submit", () => setTimeout(() => form.querySelector("button[type=submit]").setAttribute("disabled", "")));
  addEventListener("pageshow", () => form.querySelector("button[type=submit]").removeAttribute("disabled"));
}

// The shop page answers while one chooses: its results are replaced, and the address with them.
import { flash } from "./forms.js";

const PAUSE = 250;

/** Make the filters of the shop page work without their button. */
export function liveFilters() {
  const form = document.querySelector("[data-live]");
  if (!form) return;
  const folded = document.querySelector("[data-filters]");
  folded.open ||= matchMedia("(min-width: 56.01rem)").matches;
  delete folded.dataset.filters;
  let timer, asked = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, PAUSE);
  });
  async function update() {
    const fields = [...new FormData(form)].filter(([, value]) => value);
    const address = `${form.action}?${new URLSearchParams(fields)}`;
    const turn = ++asked;
    const results = document.getElementById("results");
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById("results");
      if (turn !== asked) return;
      if (!found) throw new Error("no results");
      results.replaceWith(found);
      page.querySelectorAll("[data-live] .error").forEach((error) => flash(error.textContent, "bad"));
      document.title = page.title;
      history.replaceState(null, "", address);
    } catch {
      form.submit();
    }
  }
}

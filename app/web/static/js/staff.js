// The back office: how far an import is, and a look at a cover before it is uploaded.
const PAUSE_MS = 1000;

/** Make the staff pages nicer. */
export function staff() {
  document.querySelectorAll("[data-progress]").forEach(watch);
  document.querySelectorAll("[data-preview]").forEach(preview);
}

/** Ask how far the import is until it has ended, then show what came of it. */
async function watch(place) {
  const bar = place.querySelector("progress");
  for (;;) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    try {
      const answer = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
      const { running, done, total } = await answer.json();
      if (!running) return location.reload();
      bar.value = total ? (100 * done) / total : 0;
    } catch {
      return; // signed out or offline: the link beside it still works
    }
  }
}

function preview(form) {
  const [image, input] = [form.querySelector("img"), form.querySelector("input[type=file]")];
  input.addEventListener("change", () => {
    const file = input.files[0];
    if (!file?.type.startsWith("image/")) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      image.src = reader.result;
      image.alt = "The picture you chose, not uploaded yet";
    });
    reader.readAsDataURL(file);
  });
}

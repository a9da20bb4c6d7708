// Ctrl-K (or /) leads to the search field from everywhere.

export function listenForSearchKey() {
  const field = document.querySelector("[data-search] input");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    const wanted = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (!wanted || !field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

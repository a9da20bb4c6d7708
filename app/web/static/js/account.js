// Accounts and the back office: a button that prints, and the menu of a phone at the place where one is.

/** Show the buttons that print (without scripts the browser's own menu does), and bring the present place into view. */
export function account() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  document.querySelector(".places [aria-current], .rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

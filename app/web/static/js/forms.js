// Sending forms without leaving the page, messages, and what is wrong with a form.

/** Show a message as the next page would; it goes by itself. */
export function flash(text, tone = "good") {
  const message = document.createElement("p");
  message.className = `flash ${tone}`;
  message.textContent = text;
  document.querySelector("[data-messages]").append(message);
  setTimeout(() => message.remove(), 6000);
}

/** POST a form's fields in the background. Asks for JSON; the handler answers so when it is asked. */
export function send(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  return fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
}

/** A form that comes back with errors is announced and focused. */
export function focusErrors() {
  document.querySelector("[data-focus]")?.focus();
}

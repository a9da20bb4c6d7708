// Ctrl-K (or /) leads to the search field; while one types, the first hits are shown below it.
const PAUSE = 140;

/** Make the search field of the page show suggestions. */
export function search() {
  const form = document.querySelector("[data-search]");
  if (!form) return;
  listenForKey(form.elements.q);
  suggestBelow(form);
}

function listenForKey(field) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    const wanted = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (!wanted) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

function suggestBelow(form) {
  const field = form.elements.q;
  const list = Object.assign(document.createElement("ul"), { className: "suggestions", id: "suggestions", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  form.append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "suggestions", "aria-autocomplete": "list" })) field.setAttribute(name, value);
  let timer, asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      const books = await find(field.value);
      if (turn === asked) show(books);
    }, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show([]);
    if (list.hidden || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    const options = [...list.children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Enter") {
      if (at < 0) return;
      event.preventDefault();
      options[at].firstChild.click();
      return;
    }
    event.preventDefault();
    choose(options, (at + (event.key === "ArrowDown" ? 1 : options.length + (at < 0 ? 0 : -1))) % options.length);
  });
  document.addEventListener("click", (event) => form.contains(event.target) || show([]));
  form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || setTimeout(() => show([]), 150));

  function show(books) {
    list.replaceChildren(...books.map(option));
    list.hidden = !books.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    field.removeAttribute("aria-activedescendant");
  }
  function choose(options, at) {
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    field.setAttribute("aria-activedescendant", options[at].id);
  }
}

async function find(words) {
  if (!words.trim()) return [];
  try {
    const answer = await fetch(`/shop/suggest?q=${encodeURIComponent(words)}`);
    return answer.ok ? await answer.json() : [];
  } catch {
    return [];
  }
}

function option(book, index) {
  const item = Object.assign(document.createElement("li"), { id: `suggestion-${index}` });
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const link = Object.assign(document.createElement("a"), { href: book.path, tabIndex: -1 });
  const picture = Object.assign(document.createElement("img"), { className: "cover", src: book.cover, alt: "", width: 400, height: 600 });
  const words = document.createElement("span");
  words.append(Object.assign(document.createElement("strong"), { textContent: book.title }), document.createElement("br"));
  words.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: book.on_hand ? book.author : `${book.author}, sold out` }));
  link.append(picture, words);
  item.append(link);
  return item;
}

/* No typed text is lost: a copy in this browser until the server has it, offered, never forced. */
(() => {
  "use strict";

  const prefix = "debrief.keep.";
  const month_ms = 30 * 24 * 3600 * 1000;

  // Storage may be off or full; writing must go on all the same.
  const read = (key) => {
    try { return JSON.parse(localStorage.getItem(prefix + key)); } catch { return null; }
  };
  const write = (key, copy) => {
    try {
      if (copy) localStorage.setItem(prefix + key, JSON.stringify(copy));
      else localStorage.removeItem(prefix + key);
    } catch { /* see above */ }
  };

  const fields = [...document.querySelectorAll("textarea[data-keep]")];
  const dirty = new Set();
  let saving = false;

  for (const field of fields) {
    const key = field.dataset.keep;
    const kept = read(key);
    if (kept?.text && kept.text !== field.value) offer(field, kept);
    // Saved and shown again in the same editor: the server has it.
    else if (kept?.sent && document.querySelector(".flash.ok")) write(key, null);

    let wait = 0;
    field.addEventListener("input", () => {
      dirty.add(field);
      // Whoever types without a pause must not wait for one.
      wait ||= setTimeout(() => {
        wait = 0;
        write(key, { text: field.value, at: Date.now() });
      }, 400);
    });
    field.form?.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      clearTimeout(wait);
      wait = 0;
      saving = true;
      // Kept until the server says that it has it: a refused or lost save loses nothing.
      if (dirty.has(field) || read(key)) write(key, { text: field.value, at: Date.now(), sent: true });
    });
  }

  function offer(field, kept) {
    const box = document.createElement("div");
    box.className = "note warn keep-offer row";
    box.setAttribute("role", "status");
    const words = document.createElement("span");
    words.textContent = `This browser keeps another text of yours here, from ${new Date(kept.at).toLocaleString()}.`;
    const take = button("Take it back", () => {
      const before = field.value;
      field.focus();
      field.select();
      // Through the editor, so that its own undo brings the other text back.
      if (!document.execCommand("insertText", false, kept.text)) field.value = kept.text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      box.replaceChildren(said("Taken back."), button("Undo", () => {
        field.value = before;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        box.remove();
      }));
    });
    const drop = button("Drop it", () => {
      write(field.dataset.keep, null);
      box.remove();
      field.focus();
    });
    box.append(words, take, drop);
    field.before(box);
  }

  function said(text) {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  }

  function button(text, press) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "btn small";
    element.textContent = text;
    element.addEventListener("click", press);
    return element;
  }

  addEventListener("beforeunload", (event) => {
    if (!saving && [...dirty].some((field) => field.value !== field.defaultValue)) event.preventDefault();
  });
  addEventListener("pageshow", () => { saving = false; });

  // Copies that were sent and taken (the next page says so), and copies nobody came back for.
  try {
    const taken = Boolean(document.querySelector(".flash.ok"));
    const here = new Set(fields.map((field) => field.dataset.keep));
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(prefix)) continue;
      const key = name.slice(prefix.length);
      const copy = read(key);
      const old = Date.now() - (copy?.at ?? 0) > month_ms;
      if (old || (taken && copy?.sent && !here.has(key))) localStorage.removeItem(name);
    }
  } catch { /* storage is off */ }
})();

/* Writing Markdown: Enter goes on with a list, Tab indents, Escape then Tab leaves; the preview follows. */
(() => {
  "use strict";

  // execCommand keeps the browser's own undo, which setting the value would throw away.
  function insert(field, text) {
    if (document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function remove(field, from, to) {
    field.setSelectionRange(from, to);
    if (document.execCommand("delete")) return;
    field.setRangeText("", from, to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const lineStart = (field, at) => field.value.lastIndexOf("\n", at - 1) + 1;

  function goOnWithList(field) {
    const at = field.selectionStart;
    if (at !== field.selectionEnd) return false;
    const start = lineStart(field, at);
    const line = field.value.slice(start, at);
    const item = /^(\s*)(?:([-*+])|(\d{1,6})([.)]))( +)(\[[ xX]\] +)?/.exec(line);
    if (!item) return false;
    if (item[0].length === line.length) {
      remove(field, start, at);
      return true;
    }
    const mark = item[2] ?? `${Number(item[3]) + 1}${item[4]}`;
    insert(field, `\n${item[1]}${mark}${item[5]}${item[6] ? "[ ] " : ""}`);
    return true;
  }

  function indent(field, outwards) {
    const from = lineStart(field, field.selectionStart);
    const spread = field.value.slice(field.selectionStart, field.selectionEnd).includes("\n");
    if (!outwards && !spread && !/^\s*([-*+]|\d+[.)]) /.test(field.value.slice(from, field.selectionEnd))) {
      insert(field, "  ");
      return;
    }
    const end = field.selectionEnd;
    const at = field.selectionStart;
    const before = field.value.slice(from, end);
    const after = outwards ? before.replace(/^( {1,2}|\t)/gm, "") : before.replace(/^/gm, "  ");
    if (after === before) return;
    field.setSelectionRange(from, end);
    if (after) insert(field, after);
    else remove(field, from, end);
    if (spread) field.setSelectionRange(from, from + after.length);
    else {
      const moved = Math.max(from, at + after.length - before.length);
      field.setSelectionRange(moved, moved);
    }
  }

  let leaving = null;

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches?.("textarea[data-markdown]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      leaving = field;
      return;
    }
    if (event.key === "Tab") {
      if (leaving === field) {
        leaving = null;
        return;
      }
      event.preventDefault();
      indent(field, event.shiftKey);
    } else if (event.key === "Enter" && !event.shiftKey && goOnWithList(field)) event.preventDefault();
    if (event.key !== "Shift") leaving = null;
  });

  for (const field of document.querySelectorAll("textarea[data-preview]")) {
    const place = document.getElementById(field.dataset.previewInto);
    if (!place) continue;
    let wait;
    let turn = 0;
    field.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(async () => {
        const mine = ++turn;
        try {
          const answer = await fetch(field.dataset.preview, {
            method: "POST",
            body: new URLSearchParams({ markdown: field.value }),
            headers: { accept: "text/html" },
          });
          // An older answer must not overwrite a newer one, nor an error page the preview.
          if (answer.ok && !answer.redirected && mine === turn) {
            const html = await answer.text();
            if (mine === turn) place.innerHTML = html;
          }
        } catch {
          // Offline: the text is safe in its field, the preview waits for the next key.
        }
      }, 300);
    });
  }
})();

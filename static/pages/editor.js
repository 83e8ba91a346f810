/* The desk where a postmortem is written. Everything here has a form under it that works without script. */
(() => {
  "use strict";

  const field = document.querySelector("textarea[data-draft]");
  if (!field) return;
  const form = field.form;
  const find = (id) => document.getElementById(id);
  const base = form.elements.base_revision;
  const kept = find("kept");
  const post = (href, values, more) =>
    fetch(href, { method: "POST", body: new URLSearchParams(values), headers: { accept: "text/html" }, ...more });
  const changed = () => field.dispatchEvent(new Event("input", { bubbles: true }));

  // At most five seconds of typing are ever in this browser alone: the clock runs from the first key that is not kept.
  let timer = 0;
  let sent = field.value;
  let leaving = false;
  let busy = false;

  async function keep(more) {
    clearTimeout(timer);
    timer = 0;
    const text = field.value;
    // One after the other, so that an older text never comes after a newer one.
    if (leaving || text === sent || (busy && !more)) return;
    busy = true;
    try {
      const answer = await post(field.dataset.draft, { markdown: text, base_revision: base.value }, more);
      if (answer.status === 401) tell("You are signed out. Sign in in another tab; this browser keeps your text meanwhile.");
      else if (!answer.ok || answer.redirected) throw answer;
      else {
        sent = text;
        field.defaultValue = text;
        hear(await answer.json());
        follow().catch(() => {});
      }
    } catch {
      tell("The server does not answer; this browser keeps your text.");
    }
    busy = false;
    later();
  }

  function later() {
    if (!timer && field.value !== sent) timer = setTimeout(keep, 4000);
  }

  function tell(words) {
    kept.textContent = words;
  }

  function hear({ at, newest, by, others }) {
    if (at) tell(`Kept at ${at}, not saved as a revision yet`);
    if (newest > Number(base.value)) {
      others = [`${by} saved revision ${newest} meanwhile. Saving puts both together.`, ...others.map((name) => `${name} is here too.`)];
    } else others = others.map((name) => `${name} has this text open too.`);
    const note = find("others");
    const words = others.join(" ");
    if (note.textContent !== words) note.textContent = words;
    note.hidden = !words;
  }

  field.addEventListener("input", later);
  field.addEventListener("blur", () => keep());
  form.addEventListener("submit", (event) => { leaving = !event.defaultPrevented; });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("pagehide", () => keep({ keepalive: field.value.length < 60000 }));
  setInterval(async () => {
    if (document.hidden || leaving) return;
    try {
      const answer = await post(field.dataset.draft, {});
      if (answer.ok && !answer.redirected) hear(await answer.json());
    } catch { /* told when there is something to keep */ }
  }, 20000);

  // Beside the text: what is added goes to the record at once, the text stays.
  const beside = find("beside");

  // What is missing and the hints follow the text, unless somebody is at them.
  async function follow() {
    if (leaving || find("f-line").value || beside.contains(document.activeElement)) return;
    await refresh(beside.dataset.href, {}, true);
  }

  async function refresh(href, values, quiet) {
    const answer = await post(href, { ...values, markdown: field.value, base_revision: base.value, answer: "aside" });
    if (answer.redirected || (!answer.ok && answer.status !== 422)) throw answer;
    const html = await answer.text();
    if (quiet && (find("f-line").value || beside.contains(document.activeElement))) return;
    beside.innerHTML = html;
    if (!quiet) changed();
  }

  async function add() {
    const line = find("f-line");
    try {
      await refresh(find("f-line").closest("#beside").querySelector("[formaction$=additions]").getAttribute("formaction"), { line: line.value });
      find("f-line").focus();
    } catch {
      find("added").textContent = "It could not be added. Try again, or add it on the incident's page.";
    }
  }

  beside.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.id === "f-line" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      add();
    }
  });
  beside.addEventListener("click", (event) => {
    if (!event.target.closest("[formaction$=additions]")) return;
    event.preventDefault();
    add();
  });

  // Keys that need no mouse: the line beside and back, save and publish.
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && event.code === "KeyA") {
      event.preventDefault();
      (document.activeElement === field ? find("f-line") : field).focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (event.target.form !== form) return;
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit(event.shiftKey ? find("publish") : null);
    } else if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.target === field) {
      const act = { b: "bold", i: "italic", k: "link" }[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      mark(act);
    }
  }, true);

  // Markup, through the browser's own undo.
  const insert = (text) => {
    field.focus();
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      changed();
    }
  };

  function mark(act) {
    const [from, to] = [field.selectionStart, field.selectionEnd];
    const text = field.value.slice(from, to);
    const around = (before, after, words) => {
      insert(before + (text || words) + after);
      const start = from + before.length;
      field.setSelectionRange(start, start + (text || words).length);
    };
    const lines = (prefix) => {
      const start = field.value.lastIndexOf("\n", from - 1) + 1;
      const whole = field.value.slice(start, to);
      field.setSelectionRange(start, to);
      insert(whole.replace(/^/gm, prefix));
    };
    switch (act) {
      case "bold": return around("**", "**", "bold");
      case "italic": return around("*", "*", "italic");
      case "link": return /^https?:\S+$/.test(text) ? insert(`[words](${text})`) : around("[", "](https://)", "words");
      case "code": return text.includes("\n") ? around("```\n", "\n```", "") : around("`", "`", "code");
      case "heading": return lines("## ");
      case "list": return lines("- ");
      case "task": return lines("- [ ] ");
      case "quote": return lines("> ");
      case "table": return insert("\n| What | When |\n|---|---|\n|  |  |\n");
    }
  }

  const bar = document.querySelector(".toolbar");
  bar.hidden = false;
  const tools = [...bar.querySelectorAll("button")];
  bar.addEventListener("click", (event) => {
    const act = event.target.closest("button")?.dataset.act;
    if (act) mark(act);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tools[(tools.indexOf(event.target) + step + tools.length) % tools.length];
    tools.forEach((tool) => { tool.tabIndex = tool === next ? 0 : -1; });
    next.focus();
  });

  // Words and outline follow; the outline leads into the text.
  const outline = find("outline-list");
  let counting = 0;

  function count() {
    counting = 0;
    const text = field.value.replace(/<!--[^]*?-->/g, "");
    find("words").textContent = `${(text.match(/[\p{L}\p{N}]+(?:['’.-][\p{L}\p{N}]+)*/gu) ?? []).length} words`;
    let fenced = false;
    const rows = [];
    field.value.split("\n").reduce((at, line) => {
      if (/^ {0,3}(```|~~~)/.test(line)) fenced = !fenced;
      const heading = !fenced && /^(#{1,6})\s+(.+?)\s*#*$/.exec(line);
      if (heading) rows.push([heading[1].length, heading[2], at]);
      return at + line.length + 1;
    }, 0);
    outline.replaceChildren(...rows.map(([level, words, at]) => {
      const row = document.createElement("li");
      row.className = `level-${Math.max(2, level)}`;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "as-link";
      button.textContent = words;
      button.addEventListener("click", () => {
        field.focus();
        field.setSelectionRange(at, at);
        field.blur();
        field.focus();
      });
      row.append(button);
      return row;
    }));
  }

  field.addEventListener("input", () => { counting ||= setTimeout(count, 500); });
  count();

  // Pictures by paste, drop and file.
  const picker = find("f-picture");

  async function store(file) {
    const words = find("f-alt").value.trim();
    try {
      const answer = await fetch(picker.dataset.href, {
        method: "POST",
        body: file,
        headers: { "content-type": file.type, "x-file-name": encodeURIComponent(file.name) },
      });
      if (!answer.ok || answer.redirected) throw answer;
      const { href } = await answer.json();
      const ask = words || "describe the picture";
      insert(`![${ask}](${href})\n`);
      find("f-alt").value = "";
      if (!words) {
        const end = field.selectionEnd - `](${href})\n`.length;
        field.setSelectionRange(end - ask.length, end);
      }
      tell("The picture is in the text. Say what it shows, for people who cannot see it.");
    } catch {
      tell("The picture was not taken: PNG, JPEG, GIF or WebP up to 5 MB.");
    }
  }

  const pictures = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));

  async function take(event, data) {
    const files = pictures(data);
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) await store(file);
  }

  field.addEventListener("paste", (event) => take(event, event.clipboardData));
  field.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  field.addEventListener("drop", (event) => take(event, event.dataTransfer));
  picker.addEventListener("change", async () => {
    for (const file of picker.files) await store(file);
    picker.value = "";
  });

  // A writer who comes to write begins to write; who comes back to a place stays there.
  if (!location.hash && !document.querySelector("[data-errors]")) {
    field.focus({ preventScroll: true });
    const first = field.value.search(/^## /m);
    field.setSelectionRange(Math.max(first, 0), Math.max(first, 0));
  }
})();

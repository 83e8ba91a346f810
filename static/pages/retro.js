/* A retro that several look at: one key and at most one field an entry, and what others decide shows at once. */
(() => {
  "use strict";

  const live = document.querySelector("[data-live]");
  if (!live) return;
  const stage = () => live.querySelector(".stage");
  const path = live.dataset.live;
  const home = path.replace(/\/cards$/, "");
  let chosen = null;
  let shownAt = Date.now();

  // Keys -------------------------------------------------------------------
  const typing = (target) => target.matches?.("input, textarea, select") || target.isContentEditable;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.id === "f-text") return event.target.blur();
    if (document.body.dataset.keys !== "on" || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const button = live.querySelector(`[data-press="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  // A button that takes words first leads to the field; Enter there means that button.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-takes]");
    const field = button?.form?.elements.text;
    if (!field) return;
    choose(button, field);
    if (button.dataset.takes && !field.value.trim()) {
      event.preventDefault();
      field.focus();
    }
  });

  function choose(button, field) {
    chosen = button.value;
    for (const other of button.form.querySelectorAll("[data-takes]")) other.classList.toggle("primary", other === button);
    field.placeholder = button.dataset.takes || "First what to say, then the button";
    if (chosen === "assigned") field.setAttribute("list", "people");
    else field.removeAttribute("list");
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.id !== "f-text" || !live.contains(event.target)) return;
    const button = chosen && event.target.form.querySelector(`[data-takes][value="${CSS.escape(chosen)}"]`);
    if (!button) return;
    event.preventDefault();
    event.target.form.requestSubmit(button);
  });

  // What is sent from the part that changes comes back without a new page ----
  let sent = "";
  let sending = false;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !(live.contains(form) || form.matches("[data-card]"))) return;
    if (form.action.endsWith("/closing")) return;
    event.preventDefault();
    if (sending) return;
    sent = form.elements.text?.value.trim() ?? "";
    send(form, event.submitter);
  }, true);

  async function send(form, submitter) {
    const body = new URLSearchParams(new FormData(form, submitter));
    sending = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (!fresh || (!answer.ok && answer.status !== 422)) throw new Error(page.querySelector("h1")?.textContent ?? "");
      if (form.matches("[data-card]") && answer.ok) form.reset();
      swap(fresh.innerHTML, answer.status === 422);
      say(page.querySelector(".flash.warn")?.firstChild?.textContent ?? "");
    } catch {
      // The browser's own way: it shows what is wrong, and keeps what was typed.
      const button = document.createElement("input");
      if (submitter?.name) {
        Object.assign(button, { type: "hidden", name: submitter.name, value: submitter.value });
        form.append(button);
      }
      HTMLFormElement.prototype.submit.call(form);
    }
    sending = false;
  }

  function say(text) {
    if (!text.trim()) return;
    const note = document.createElement("p");
    note.className = "note warn";
    note.setAttribute("role", "alert");
    note.textContent = text;
    live.prepend(note);
  }

  // What changed comes in --------------------------------------------------
  function swap(html, refused) {
    const before = stage();
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const revision = (part) => Number(part?.querySelector(".stage")?.dataset.revision ?? 0);
    // An answer that was overtaken by a later one is not shown.
    if (!refused && revision(fresh.content) < revision(live)) return;
    const old = before?.querySelector("#f-text");
    const typed = refused ? "" : old?.value.trim() ?? "";
    const had = document.activeElement === old && old;
    const entry = before?.dataset.entry;
    const key = before?.querySelector(".retro-entry .key")?.textContent ?? "";
    const open = [...live.querySelectorAll("details[open][id]")].map((fold) => fold.id);
    const focus = live.contains(document.activeElement) && document.activeElement.name === "position";
    live.replaceChildren(fresh.content);
    shownAt = Date.now();
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    const field = live.querySelector("#f-text");
    if (refused) {
      const button = chosen && live.querySelector(`[data-takes][value="${CSS.escape(chosen)}"]`);
      if (button) choose(button, field);
      field?.focus();
    } else if (field && typed && stage().dataset.entry === entry) {
      field.value = typed;
      if (had) field.focus();
    } else {
      chosen = null;
      // Somebody else decided while words were in the field: they are shown, not dropped.
      if (typed && sent !== typed) say(`You had typed for ${key}: ${typed}`);
      if (had || focus) document.getElementById("content").focus({ preventScroll: true });
    }
    notesMoved();
  }

  let asking = false;
  let again = false;
  async function refresh() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(`${path}/stage`, { headers: { accept: "text/html" } });
      if (answer.status === 409) location.reload();
      else if (answer.ok) swap(await answer.text(), false);
    } catch {
      setTimeout(refresh, 2000);
    }
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  let source;
  function listen() {
    source = new EventSource(`${home}/events`);
    source.addEventListener("message", (event) => {
      if (Number(event.data) > Number(stage()?.dataset.revision ?? 0)) refresh();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    });
  }
  listen();

  // Clocks -----------------------------------------------------------------
  setInterval(() => {
    const gone = Math.floor((Date.now() - shownAt) / 1000);
    const ticks = live.querySelector("[data-ticks]");
    if (ticks) {
      const on = Number(ticks.dataset.ticks) + gone;
      ticks.textContent = `${Math.floor(on / 60)}:${String(on % 60).padStart(2, "0")}`;
      ticks.classList.toggle("late", on > Number(ticks.dataset.box));
    }
    const minutes = live.querySelector("[data-minutes]");
    if (minutes) minutes.textContent = `${Math.floor((Number(minutes.dataset.minutes) + gone) / 60)} min`;
  }, 1000);

  // Notes: saved by themselves, merged on the server -----------------------
  const form = document.querySelector("form[data-notes]");
  if (!form) return;
  const text = form.elements.notes;
  const state = document.querySelector("[data-saved]");
  let kept = text.value;
  let timer;
  let saving = false;

  function notesMoved() {
    if (form && Number(stage()?.dataset.notes ?? 0) > Number(form.elements.base.value)) save(true);
  }

  async function save(anyway, leaving) {
    clearTimeout(timer);
    if (saving || (!anyway && text.value === kept)) return;
    saving = true;
    const mine = text.value;
    try {
      const body = new URLSearchParams({ base: form.elements.base.value, notes: mine });
      const answer = await fetch(form.action, { method: "POST", body, keepalive: Boolean(leaving), headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const saved = await answer.json();
      if (text.value === mine) {
        const at = text.selectionStart;
        if (text.value !== saved.text) {
          text.value = saved.text;
          text.setSelectionRange(at, at);
        }
        form.elements.base.value = saved.revision;
        kept = saved.text;
      } else {
        // Typing went on: what was sent is its base now, and the next save brings the others' words.
        form.elements.base.value = saved.base;
        kept = mine;
        timer = setTimeout(save, 1000);
      }
      state.textContent = "saved";
    } catch {
      state.textContent = "not saved yet; trying again";
      timer = setTimeout(save, 3000);
    }
    saving = false;
  }

  text.addEventListener("input", () => {
    state.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    save();
  });
  addEventListener("pagehide", () => save(false, true));
})();

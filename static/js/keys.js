/* Keys for those who have them in their hands. Off with data-keys="off"; never while typing. */
(() => {
  "use strict";

  if (document.body.dataset.keys !== "on") return;

  const places = { h: "/", i: "/incidents", d: "/deploys", a: "/action-items", r: "/retros", p: "/postmortems", n: "/insights" };
  let going = 0;

  const typing = (target) => target.isContentEditable || target.matches?.("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      location.assign("/search");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (press(event.key, event)) event.preventDefault();
  });

  function press(key, event) {
    if (Date.now() - going < 1500) {
      going = 0;
      if (places[key]) {
        location.assign(places[key]);
        return true;
      }
    }
    switch (key) {
      case "g": going = Date.now(); return true;
      case "j": return step(1);
      case "k": return step(-1);
      case "Enter": return event.target === document.body || event.target.id === "content" ? open() : false;
      case "/": return search();
      case ".": location.assign("/search"); return true;
      case "c": return follow("/incidents/new");
      case "u": return update();
      case "?": document.getElementById("keys").showModal(); return true;
    }
    // What a page calls by a key of its own.
    const own = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    own?.click();
    return Boolean(own);
  }

  // Only where the page itself offers it: a viewer may not declare.
  function follow(path) {
    const link = document.querySelector(`a[href="${path}"]`);
    link?.click();
    return Boolean(link);
  }

  function search() {
    const field = [...document.querySelectorAll("[data-search]")].find((input) => input.checkVisibility());
    if (field) {
      field.focus();
      field.select();
    } else location.assign("/search");
    return true;
  }

  function update() {
    const field = document.querySelector("[data-update]");
    if (!field) return false;
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    return true;
  }

  const rows = () => [...document.querySelectorAll("[data-rows] > *")].filter((row) => row.querySelector("a[href]") && row.checkVisibility());

  function step(by) {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((row) => row.classList.contains("chosen"));
    const next = all[Math.min(Math.max(at < 0 && by < 0 ? 0 : at + by, 0), all.length - 1)];
    all[at]?.classList.remove("chosen");
    next.classList.add("chosen");
    next.scrollIntoView({ block: "nearest" });
    // The focus goes along, so that Enter, Tab and a screen reader go on from here.
    next.querySelector("a[href]").focus({ preventScroll: true });
    return true;
  }

  function open() {
    const link = document.querySelector("[data-rows] > .chosen a[href]");
    link?.click();
    return Boolean(link);
  }
})();

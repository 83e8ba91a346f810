/* Small menus: Escape and a press elsewhere close them; a menu with an error inside opens by itself. */
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const inside = event.target.closest?.("details.menu[open]");
    const open = inside ?? document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    if (inside) open.querySelector("summary").focus();
  });

  document.addEventListener("pointerdown", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      // Typed text is never hidden by a stray press.
      if (!menu.contains(event.target) && !menu.querySelector(".menu-body :is(input, textarea):not([type=hidden])")) {
        menu.open = false;
      }
    }
  });

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    for (const other of document.querySelectorAll("details.menu[open]")) {
      if (other !== menu && !other.contains(menu)) other.open = false;
    }
    menu.querySelector(".menu-body :is(input, textarea, select):not([type=hidden])")?.focus();
  }, true);

  for (const wrong of document.querySelectorAll("details :is([aria-invalid], .field-error)")) {
    wrong.closest("details").open = true;
  }
})();

/* The line that says what was done: its undo counts ten seconds down, then the line goes. */
(() => {
  "use strict";

  const flash = document.querySelector(".flash");
  if (!flash) return;

  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn quiet small";
  close.textContent = "Close";
  close.addEventListener("click", () => flash.remove());
  flash.append(close);

  const undo = flash.querySelector("[data-undo]");
  if (!undo && flash.classList.contains("warn")) return;

  const words = undo?.textContent;
  let left = 10;
  // No live region is touched while counting: only the button's own words change, and they are not announced.
  undo?.closest("form").setAttribute("aria-live", "off");
  const clock = setInterval(() => {
    if (undo?.getAttribute("aria-disabled")) return;
    left -= 1;
    if (undo) undo.textContent = `${words} (${Math.max(left, 0)})`;
    if (left <= 0) {
      clearInterval(clock);
      flash.remove();
    }
  }, 1000);
  if (!undo) {
    // Nothing is lost by waiting for a reader, and undo ends on the server anyhow.
    const hold = () => clearInterval(clock);
    flash.addEventListener("pointerenter", hold);
    flash.addEventListener("focusin", hold);
  }
})();

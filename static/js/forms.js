/* Forms: no double submit, Ctrl or Cmd+Enter, the first error gets the focus. */
(() => {
  "use strict";

  const sent = new WeakSet();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    // After the browser has gathered the fields: a disabled button would not send its own name and value.
    setTimeout(() => {
      for (const button of form.elements) {
        if (button.type === "submit") button.setAttribute("aria-disabled", "true");
      }
    });
    // The answer may be a download, or never come: do not hold the form for ever.
    setTimeout(() => release(form), 8000);
  });

  // Back may bring the page as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));

  function release(form) {
    sent.delete(form);
    for (const button of form.elements) {
      if (button.type === "submit") button.removeAttribute("aria-disabled");
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form");
    if (!form || form.getAttribute("method") !== "post") return;
    event.preventDefault();
    form.requestSubmit();
  });

  document.querySelector("[data-errors]")?.focus();
})();

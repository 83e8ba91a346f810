/* Keeps "5 min ago" true while a page stays open. The server writes the same words, see templates/README.md. */
(() => {
  "use strict";

  const now = Date.parse(document.body.dataset.now);
  const fresh = performance.getEntriesByType("navigation")[0]?.type !== "back_forward";
  // The server's clock counts, unless the page came out of the history.
  const skew = fresh && now ? now - Date.now() : 0;

  function words(seconds) {
    const ahead = seconds < 0;
    const span = Math.abs(seconds);
    let text;
    if (span < 60) return "just now";
    if (span < 3600) text = `${Math.floor(span / 60)} min`;
    else if (span < 86400) text = `${Math.floor(span / 3600)} h`;
    else if (span < 2592000) text = plural(Math.floor(span / 86400), "day");
    else return null;
    return ahead ? `in ${text}` : `${text} ago`;
  }

  function plural(count, noun) {
    return `${count} ${noun}${count === 1 ? "" : "s"}`;
  }

  function refresh() {
    if (document.hidden) return;
    for (const time of document.querySelectorAll("time[data-time]")) {
      const at = Date.parse(time.dateTime);
      const place = time.dataset.time === "ago" ? time : time.nextElementSibling;
      if (!at || !place?.classList.contains("ago")) continue;
      const text = words((Date.now() + skew - at) / 1000);
      if (text && text !== place.textContent) place.textContent = text;
    }
  }

  setInterval(refresh, 30000);
  document.addEventListener("visibilitychange", refresh);
})();

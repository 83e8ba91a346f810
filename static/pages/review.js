/* Words that are selected in the text become the passage of the next comment; the field takes them typed as well. */
(() => {
  "use strict";
  const text = document.getElementById("text");
  const quote = document.getElementById("f-quote");
  if (!text || !quote) return;
  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    const words = selection ? selection.toString().trim().replace(/\s+/g, " ") : "";
    if (words && words.length <= 1000 && text.contains(selection.anchorNode) && text.contains(selection.focusNode)) {
      quote.value = words;
    }
  });
})();

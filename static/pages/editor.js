/* The desk where a postmortem is written. Everything here has a form under it that works without script. */
(() => {
  "use strict";
})();

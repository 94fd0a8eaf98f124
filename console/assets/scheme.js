/* Light or dark, before anything is drawn: as the reader settled, else as their system is. */
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function paint() {
    var chosen = root.dataset.scheme;
    root.dataset.bsTheme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  }
  paint();
  dark.addEventListener("change", paint);
})();

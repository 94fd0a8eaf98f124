/* What the frame does beyond links and forms: the menu on a phone, and questions before what cannot be undone. */
(function () {
  "use strict";
  var button = document.querySelector("[data-menu]");
  var menu = document.getElementById("menu");
  if (button && menu) {
    var open = function (yes) {
      button.setAttribute("aria-expanded", yes ? "true" : "false");
      menu.classList.toggle("open", yes);
    };
    button.addEventListener("click", function () {
      open(button.getAttribute("aria-expanded") !== "true");
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") {
        open(false);
        button.focus();
      }
    });
  }
  document.addEventListener("submit", function (event) {
    var asked = event.submitter && event.submitter.dataset.ask;
    if (asked && !window.confirm(asked)) event.preventDefault();
  });
})();

/* A conversation that is open: asks for what is new while somebody is there, and leaves alone what is typed.
   Control and Enter send; nothing is sent twice. */
(function () {
  "use strict";
  var log = document.querySelector("[data-talk]");
  if (!log) return;
  var said = log.querySelector("#said");
  var words = document.querySelector("[data-words]");
  var answer = document.querySelector("[data-answer]");
  var AWAY = 20 * 60 * 1000;
  var there = Date.now();
  var low = true;
  var down = function () { log.scrollTop = log.scrollHeight; };
  var seen = function () { return document.querySelector("#talk-state [data-seen]").dataset.seen; };
  ["keydown", "pointerdown", "focusin"].forEach(function (sign) {
    document.addEventListener(sign, function () { there = Date.now(); });
  });
  if (said.hasAttribute("hx-get")) {
    var asking = setInterval(function () {
      if (seen().indexOf("over") === 0) clearInterval(asking);
      else if (document.visibilityState === "visible" && Date.now() - there < AWAY) window.htmx.trigger(said, "look");
    }, 4000);
    said.addEventListener("htmx:configRequest", function (event) {
      var last = said.lastElementChild;
      event.detail.parameters.after = last ? last.dataset.line : "0";
      event.detail.parameters.seen = seen();
    });
    said.addEventListener("htmx:beforeSwap", function () {
      low = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    });
    said.addEventListener("htmx:afterSwap", function () { if (low) down(); });
  }
  if (answer) {
    answer.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        var send = answer.querySelector("button.btn-primary");
        if (send) { event.preventDefault(); answer.requestSubmit(send); }
      }
    });
    answer.addEventListener("submit", function (event) {
      if (answer.dataset.sent) event.preventDefault();
      answer.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", function () { delete answer.dataset.sent; });
  }
  down();
  if (words && window.matchMedia("(hover: hover)").matches) words.focus({ preventScroll: true });
})();

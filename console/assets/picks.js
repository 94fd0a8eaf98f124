/* Rows picked by keys, while a row's box has the focus: J and K go down and up, X picks, A goes to whom. */
(function () {
  "use strict";
  var all = document.querySelector("[data-picks]");
  if (!all) return;
  var boxes = function () { return Array.prototype.slice.call(all.querySelectorAll('input[type="checkbox"][form]')); };
  all.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    var here = boxes().indexOf(event.target);
    if (here < 0) return;
    var key = event.key.toLowerCase();
    var to = null;
    if (key === "j" || key === "arrowdown") to = boxes()[here + 1];
    else if (key === "k" || key === "arrowup") to = boxes()[here - 1];
    else if (key === "a") to = document.getElementById("to");
    else if (key === "x") to = event.target;
    else return;
    event.preventDefault();
    if (key === "x") event.target.click();
    if (to) to.focus();
  });
  /* Taking back is to nobody, whoever stands in the choice. */
  all.addEventListener("submit", function (event) {
    var to = document.getElementById("to");
    if (event.submitter && event.submitter.hasAttribute("data-back")) to.disabled = true;
    setTimeout(function () { to.disabled = false; }, 0);
  });
})();

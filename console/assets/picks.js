/* Rows given by drag, or picked by keys while a row's box has the focus: J and K go down and up, X picks, A goes to whom. */
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
  /* A row is dragged onto somebody, or back to the queue; dragged by a row that is picked, all that are picked
     go along. What is sent is the form below, by its own buttons. */
  var form = document.getElementById("give");
  if (!form) return;
  var people = document.getElementById("to");
  var back = form.querySelector("[data-back]");
  var places = document.createElement("div");
  places.className = "places no-print";
  places.hidden = true;
  places.setAttribute("aria-hidden", "true");
  var dragged = null;
  var place = function (word, take) {
    var one = document.createElement("div");
    one.className = "place";
    one.textContent = word;
    one.addEventListener("dragover", function (event) {
      if (!dragged) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      one.classList.add("over");
    });
    one.addEventListener("dragleave", function () { one.classList.remove("over"); });
    one.addEventListener("drop", function (event) {
      event.preventDefault();
      if (!dragged) return;
      if (!dragged.checked) boxes().forEach(function (box) { box.checked = box === dragged; });
      take();
    });
    places.appendChild(one);
  };
  Array.prototype.forEach.call(people.options, function (option) {
    place(option.textContent, function () {
      people.value = option.value;
      form.requestSubmit(form.querySelector("button:not([data-back])"));
    });
  });
  place(back.textContent, function () { form.requestSubmit(back); });
  all.appendChild(places);
  boxes().forEach(function (box) {
    var row = box.closest("tr");
    row.draggable = true;
    row.addEventListener("dragstart", function (event) {
      dragged = box;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", box.value);
      /* Only after the browser has taken the row up: a page that moves before ends the drag. */
      setTimeout(function () { places.hidden = false; }, 0);
    });
    row.addEventListener("dragend", function () {
      dragged = null;
      places.hidden = true;
    });
  });
})();

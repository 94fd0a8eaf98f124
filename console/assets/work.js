/* Two keys to an outcome, while the card has the focus: a figure opens a group, a second one picks in it.
   C calls, U undoes, N takes the next case, S passes it by; Escape closes the group. */
(function () {
  "use strict";
  var desk = document.querySelector("[data-desk]");
  if (!desk) return;
  var groups = function () { return desk.querySelectorAll("details.group"); };
  var open = function () { return desk.querySelector("details.group[open]"); };
  var click = function (key) {
    var found = desk.querySelector('[data-key="' + key + '"]');
    if (found) found.click();
    return Boolean(found);
  };
  var show = function (group) {
    if (!group) return false;
    group.open = true;
    group.querySelector("summary").focus();
    return true;
  };
  var hear = function (key) {
    var within = open();
    if (key === "Escape") {
      if (within) within.open = false;
      desk.focus();
      return Boolean(within);
    }
    if (/^[1-9]$/.test(key)) {
      if (!within) return show(groups()[Number(key) - 1]);
      var pick = within.querySelectorAll("[data-pick]")[Number(key) - 1];
      if (pick) pick.click();
      return Boolean(pick);
    }
    if (key === "s") return show(desk.querySelector('form[action="/work/skip"]') && desk.querySelector('form[action="/work/skip"]').closest("details"));
    return (key === "c" || key === "u" || key === "n") && click(key);
  };
  desk.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.key !== "Escape") return;
    if (hear(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
  });
  /* Another amount holds for a day of the calendar as well. */
  desk.querySelectorAll("[data-same]").forEach(function (same) {
    var of = document.getElementById(same.dataset.same);
    of.addEventListener("input", function () { same.value = of.value; });
  });
  var gone = desk.querySelector("[data-gone-in]");
  if (gone) setTimeout(function () { gone.remove(); }, Number(gone.dataset.goneIn) * 1000);
  /* A number that was shown is not kept: neither when one comes back to the page, nor in what is restored. */
  window.addEventListener("pagehide", function () {
    desk.querySelectorAll("[data-number]").forEach(function (one) { one.remove(); });
  });
  desk.focus({ preventScroll: true });
})();

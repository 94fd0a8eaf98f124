/* Draws every [data-chart]: an option of ECharts as JSON, in the colours of the page. */
(function () {
  "use strict";
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var drawn = [];
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  function axis(one) {
    var quiet = colour("--kept-quiet");
    var line = { lineStyle: { color: colour("--kept-line") } };
    return Object.assign({ axisLabel: { color: quiet }, axisLine: line, splitLine: line, nameTextStyle: { color: quiet } }, one);
  }
  function each(axes) {
    return Array.isArray(axes) ? axes.map(axis) : axis(axes || {});
  }
  function draw(box) {
    var option = JSON.parse(box.dataset.chart);
    var kept = window.echarts.getInstanceByDom(box) || window.echarts.init(box, null, { renderer: "svg" });
    option.color = option.color || ["--kept-sms", "--kept-email", "--kept-chat", "--kept-fourth", "--kept-bad"].map(colour);
    option.animation = !still && option.animation !== false;
    option.textStyle = { color: colour("--kept-ink"), fontFamily: getComputedStyle(document.body).fontFamily };
    option.grid = option.grid || { left: 8, right: 16, top: option.legend ? 36 : 16, bottom: 8, containLabel: true };
    if (option.legend) option.legend = Object.assign({ top: 0, textStyle: { color: colour("--kept-ink") } }, option.legend);
    if (option.xAxis || option.yAxis) {
      option.xAxis = each(option.xAxis);
      option.yAxis = each(option.yAxis);
    }
    // As rich text: a box of HTML would need styles that our policy forbids.
    option.tooltip = Object.assign({ trigger: "axis", renderMode: "richText" }, option.tooltip);
    kept.setOption(option, true);
    if (drawn.indexOf(kept) < 0) drawn.push(kept);
  }
  function all(within) {
    within.querySelectorAll("[data-chart]").forEach(draw);
  }
  all(document);
  window.addEventListener("resize", function () {
    drawn.forEach(function (one) { one.resize(); });
  });
  new MutationObserver(function () { all(document); }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  document.addEventListener("htmx:load", function (event) { all(event.target); });
})();

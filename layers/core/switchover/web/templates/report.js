/* Draws the charts of a report from the figures in the page. Needs uPlot, and nothing from any network. */
(function () {
  "use strict";
  var root = document.documentElement;
  var source = document.getElementById("figures");
  if (!source) { return; }
  var figures = JSON.parse(source.textContent);
  var hosts = Array.prototype.slice.call(document.querySelectorAll("[data-chart]"));
  var DASHES = { old: [7, 4], "new": [], both: [2, 3], planned: [2, 5] };
  var EDGES = { old: "dashed", "new": "solid", both: "dotted", planned: "dotted" };
  var HEIGHT = 230;
  root.classList.add("drawn");

  function colour(name) { return getComputedStyle(root).getPropertyValue("--" + name).trim(); }

  function two(number) { return (number < 10 ? "0" : "") + number; }

  function clock(seconds) {
    var at = new Date(seconds * 1000);
    return two(at.getUTCHours()) + ":" + two(at.getUTCMinutes());
  }

  function say(value, unit) {
    if (value == null) { return "no data"; }
    return Number(value.toPrecision(3)) + " " + unit;
  }

  function place(u, seconds) { return Math.round(u.valToPos(seconds, "x", true)); }

  function shadeBakes(u) {
    var ctx = u.ctx, ratio = devicePixelRatio, box = u.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.width, box.height);
    ctx.clip();
    ctx.font = 11 * ratio + "px system-ui, sans-serif";
    figures.bakes.forEach(function (bake) {
      var left = place(u, bake[0]), right = place(u, bake[1]);
      ctx.fillStyle = colour("bake");
      ctx.fillRect(left, box.top, Math.max(2 * ratio, right - left), box.height);
      if (right - left > 34 * ratio) {
        ctx.fillStyle = colour("soft");
        ctx.textAlign = "left";
        ctx.textBaseline = "alphabetic";
        ctx.fillText("bake", left + 4 * ratio, box.top + 12 * ratio);
      }
    });
    ctx.restore();
  }

  function line(u, ends, dash) {
    var ctx = u.ctx;
    ctx.strokeStyle = colour("bad");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(ends[0], ends[1]);
    ctx.lineTo(ends[2], ends[3]);
    ctx.stroke();
  }

  function drawLimit(u, limit, unit) {
    var ctx = u.ctx, ratio = devicePixelRatio, box = u.bbox;
    var y = u.valToPos(limit.value, "y", true);
    ctx.save();
    line(u, [box.left, y, box.left + box.width, y], [6 * ratio, 4 * ratio]);
    ctx.fillStyle = colour("bad");
    ctx.font = 11 * ratio + "px system-ui, sans-serif";
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillText(limit.name + " above " + say(limit.value, unit), box.left + 4 * ratio, y - 4 * ratio);
    ctx.restore();
  }

  function drawMarks(u) {
    var ctx = u.ctx, ratio = devicePixelRatio, box = u.bbox;
    ctx.save();
    ctx.font = "bold " + 11 * ratio + "px system-ui, sans-serif";
    ctx.textBaseline = "alphabetic";
    figures.marks.forEach(function (mark, number) {
      if (mark.at < figures.begins || mark.at > figures.ends) { return; }
      var x = place(u, mark.at), y = box.top + (26 + 14 * number) * ratio, text = "⚑ " + mark.name;
      var isLeft = x + ctx.measureText(text).width + 6 * ratio > box.left + box.width;
      line(u, [x, box.top, x, box.top + box.height], []);
      ctx.fillStyle = colour("card");
      ctx.globalAlpha = 0.8;
      var wide = ctx.measureText(text).width;
      ctx.fillRect(isLeft ? x - wide - 6 * ratio : x + 2 * ratio, y - 11 * ratio, wide + 4 * ratio, 15 * ratio);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour("bad");
      ctx.textAlign = isLeft ? "right" : "left";
      ctx.fillText(text, x + (isLeft ? -4 : 4) * ratio, y);
    });
    ctx.restore();
  }

  function describe(one) {
    return {
      label: one.name,
      stroke: colour(one.line),
      width: 2,
      dash: DASHES[one.line],
      paths: one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: !one.stepped, size: 4, stroke: colour(one.line), fill: colour(one.line) }
    };
  }

  function draw(host) {
    var chart = figures.charts[host.dataset.chart], limit = chart.limit;
    var axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    var hooks = { drawClear: [shadeBakes], draw: [drawMarks] };
    if (limit) { hooks.draw.unshift(function (u) { drawLimit(u, limit, chart.unit); }); }
    return new uPlot({
      width: host.clientWidth || 320,
      height: HEIGHT,
      tzDate: function (at) { return uPlot.tzDate(new Date(at * 1000), "Etc/UTC"); },
      cursor: { drag: { x: true, y: false } },
      legend: { markers: { width: 3, dash: function (u, number) { return EDGES[chart.series[number - 1].line]; } } },
      scales: {
        x: { time: true },
        y: { range: function (u, low, high) { return [0, Math.max(high, limit ? limit.value : 0) * 1.35 || 1]; } }
      },
      axes: [
        Object.assign({ values: function (u, at) { return at.map(clock); } }, axis),
        Object.assign({ size: 58, values: function (u, all) { return all.map(function (value) { return say(value, chart.unit === "instances" ? "" : chart.unit); }); } }, axis)
      ],
      series: [{ label: "UTC", value: function (u, at) { return at == null ? "" : clock(at); } }].concat(chart.series.map(function (one) {
        return Object.assign(describe(one), { value: function (u, value, number, at) { return at == null ? "" : say(value, chart.unit); } });
      })),
      hooks: hooks
    }, align(chart), host);
  }

  function align(chart) {
    // The edges make each chart as long as the update. A null is a gap, for which there is no data.
    var edges = [[figures.begins, figures.ends], [null, null]];
    var data = uPlot.join([edges].concat(chart.series.map(function (one) { return [one.x, one.y]; })));
    return [data[0]].concat(data.slice(2));
  }

  var plots = [];
  function redraw() {
    plots.forEach(function (plot) { plot.destroy(); });
    plots = hosts.map(draw);
  }

  var waiting = 0;
  window.addEventListener("resize", function () {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  window.addEventListener("beforeprint", function () { root.classList.add("paper"); redraw(); });
  window.addEventListener("afterprint", function () { root.classList.remove("paper"); redraw(); });
  redraw();
})();

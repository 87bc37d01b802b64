/* Runs in the first page: loads each page in a frame of its own, in each width and colour scheme. */
function near(a, b) { return Math.abs(a - b) < 40; }
function inked(canvas, colour) {
  var probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
  var want = probe.getImageData(0, 0, 1, 1).data, count = 0;
  var got = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  for (var i = 0; i < got.length; i += 4) {
    if (got[i + 3] > 100 && near(got[i], want[0]) && near(got[i + 1], want[1]) && near(got[i + 2], want[2])) {
      count++;
    }
  }
  return count;
}
function look(name, width, scheme) {
  return new Promise(function (done) {
    var frame = document.createElement("iframe");
    frame.style = "border:0;height:2000px;width:" + width + "px;color-scheme:" + scheme;
    frame.onload = function () { setTimeout(function () {
      var page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
      var seen = { name: name, width: width, scheme: scheme, page_width: root.scrollWidth, charts: {},
        is_dark: view.matchMedia("(prefers-color-scheme: dark)").matches, hurt: view.hurt || null,
        loaded: view.performance.getEntriesByType("resource").map(function (one) { return one.name; }),
        shown_images: Array.prototype.map.call(page.images, function (one) { return one.naturalWidth; }) };
      var source = page.getElementById("figures"), figures = source ? JSON.parse(source.textContent).charts : {};
      Object.keys(figures).forEach(function (chart) {
        var canvas = page.querySelector('[data-chart="' + chart + '"] canvas');
        seen.charts[chart] = figures[chart].series.map(function (one) {
          return canvas ? inked(canvas, view.getComputedStyle(root).getPropertyValue("--" + one.line).trim()) : -1;
        });
      });
      frame.remove();
      done(seen);
    }, 30); };
    frame.src = "/" + name + ".html";
    document.body.append(frame);
  });
}
(async function () {
  var all = [];
  for (var ask of ASKED) { all.push(await look(ask[0], ask[1], ask[2])); }
  document.getElementById("seen").textContent = JSON.stringify(all);
})();

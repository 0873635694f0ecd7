// What the server does now, once a second while the page is seen.

import { $ } from "./dom.js";
import { get } from "./api.js";

const Points = 120, Width = 120, Height = 28, PatienceMs = 5000;
const history = [];

export function watch() {
  let timer = 0;
  const tick = async () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      try {
        show(await get("/load", AbortSignal.timeout(PatienceMs)));
        tell(true);
      } catch {
        tell(false);
      }
      timer = setTimeout(tick, 1000);
    }
  };
  document.addEventListener("visibilitychange", tick);
  tick();
}

// Figures that are no longer true are not left standing.
function tell(answers) {
  const notice = $("offline");
  if (notice.hidden === answers) {
    return;
  }
  notice.hidden = answers;
  notice.textContent = answers ? "" : "The server does not answer. This page stays as it is, and asks again every second.";
  if (!answers) {
    for (const id of ["queued", "running", "batch", "speed"]) {
      $(id).textContent = "\u2013";
    }
  }
}

function show(load) {
  $("queued").textContent = load.queued;
  $("running").textContent = load.running;
  $("batch").textContent = load.running > 0 ? load.batch_sequences : 0;
  $("speed").textContent = load.tokens_per_second >= 100 ? Math.round(load.tokens_per_second) : load.tokens_per_second.toFixed(1);
  history.push(load.tokens_per_second);
  history.splice(0, history.length - Points);
  const most = Math.max(1, ...history);
  const points = history.map((value, i) => `${((i + Points - history.length) / (Points - 1) * Width).toFixed(1)},${(Height - 2 - (value / most) * (Height - 4)).toFixed(1)}`);
  const begin = points[0].split(",")[0];
  document.querySelector("#history .line").setAttribute("d", `M${points.join("L")}`);
  document.querySelector("#history .area").setAttribute("d", `M${begin},${Height}L${points.join("L")}L${Width},${Height}Z`);
}

// What the server does now, once a second while the page is seen.

import { $ } from "./dom.js";
import { get } from "./api.js";

const Points = 120, Width = 120, Height = 28;
const history = [];

export function watch() {
  let timer = 0;
  const tick = async () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      try {
        show(await get("/load"));
        document.documentElement.classList.remove("offline");
      } catch {
        document.documentElement.classList.add("offline");
      }
      timer = setTimeout(tick, 1000);
    }
  };
  document.addEventListener("visibilitychange", tick);
  tick();
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

// Shows one candidate: of a row of the table, or of the mark that is nearest to a click or a tap.
const pin = (id) => {
  const row = byId.get(id);
  if (!row) return;
  state.pinned = id;
  show(row);
  for (const line of document.querySelectorAll("[data-candidate]")) {
    line.classList.toggle("pinned", line.dataset.candidate === id);
  }
  if (views.tradeoff) views.tradeoff.view.signal("pinned", id).runAsync();
};

// A tap rarely hits a small mark: the nearest one within a finger's breadth counts.
const nearest = (view, event) => {
  const box = view.container().querySelector("svg").getBoundingClientRect();
  const [left, top] = view.origin();
  const point = event.changedTouches ? event.changedTouches[0] : event;
  const [x, y] = [point.clientX - box.left - left, point.clientY - box.top - top];
  const [across, up] = [view.scale("x"), view.scale("y")];
  let best = null;
  for (const row of rows) {
    const distance = Math.hypot(across(row.costs[state.measure]) - x, up(row.accuracy) - y);
    if (distance < 22 && (!best || distance < best.distance)) best = { row, distance };
  }
  return best && best.row.id;
};
const listen = (view) => {
  view.addEventListener("click", (event, item) => {
    pin((item && item.datum && item.datum.id) || nearest(view, event));
  });
};


// How charts fit the room that the page has.
const room = (name) => document.getElementById("chart-" + name).clientWidth;

// Charts beside each other share the width; one below another where it is narrow.
const fitPanels = (specification, name, axis, resize) => {
  const wide = room(name);
  const columns = narrow.matches ? 1 : Math.min(3, specification.concat.length);
  specification.columns = columns;
  const most = columns === 1 ? 460 : 300;
  const width = Math.floor(Math.min(most, (wide - axis * columns) / columns));
  for (const part of specification.concat) resize(part, width);
};

// Panels of the same height at most two beside each other.
const fitHalves = (name, axis) => (specification) => {
  const columns = narrow.matches ? 1 : Math.min(2, specification.concat.length);
  specification.columns = columns;
  for (const part of specification.concat) part.width = Math.floor(room(name) / columns - axis);
};

const fitSquares = (name, axis) => (specification) => {
  fitPanels(specification, name, axis, (part, width) => {
    part.width = width;
    part.height = Math.min(width, 230);
  });
};

const fit = {
  tradeoff(specification) {
    const measure = currentMeasure();
    specification.data = { values: rows };
    specification.encoding.x = structuredClone(measure.x);
    if (narrow.matches) specification.encoding.x.title = measure.name + " (log scale)";
    specification.height = narrow.matches ? 400 : 520;
    const values = {
      measure: measure.key, least: measure.least, most: measure.most, budget: state.budget,
      pinned: state.pinned, lines: measure.key === decision.measure,
    };
    for (const parameter of specification.params) {
      if (parameter.name in values) parameter.value = values[parameter.name];
    }
    for (const layer of specification.layer) {
      const legend = layer.encoding && layer.encoding.color && layer.encoding.color.legend;
      if (legend) legend.columns = narrow.matches ? 1 : Math.max(2, Math.floor(room("tradeoff") / 190));
    }
  },
  frontier(specification) {
    specification.height = narrow.matches ? 360 : 440;
    for (const layer of specification.layer) {
      for (const channel of ["color", "shape"]) {
        const legend = layer.encoding && layer.encoding[channel] && layer.encoding[channel].legend;
        if (legend) legend.columns = narrow.matches ? 1 : 3;
      }
      if (!narrow.matches) continue;
      if (layer.mark.size) layer.mark.size /= 2;
      if (layer.mark.fontSize) {
        layer.mark.fontSize = 10;
        layer.mark.dx *= 0.75;
        layer.mark.dy *= 0.75;
      }
    }
  },
  reliability(specification) {
    fitPanels(specification, "reliability", 66, (part, width) => {
      part.vconcat[0].width = part.vconcat[1].width = width;
      part.vconcat[0].height = Math.min(width, 260);
    });
  },
  risk(specification) {
    specification.height = narrow.matches ? 200 : 230;
  },
  forecast: fitSquares("forecast", 84),
  reward: fitSquares("reward", 72),
  figure1: fitHalves("figure1", 80),
  "figure1-latency": fitHalves("figure1-latency", 80),
  border: fitHalves("border", 140),
  gap(specification) {
    if (narrow.matches) specification.encoding.color.legend.columns = 1;
  },
  diversity(specification) {
    if (!narrow.matches) return;
    // The names stand below the chart; cells get the room.
    delete specification.encoding.y.axis.labelExpr;
    const [cells, numbers] = specification.layer;
    if (numbers) {
      cells.encoding.color.legend = null;
      numbers.mark.fontSize = specification.encoding.y.scale.domain.length > 8 ? 9 : 11;
    } else {
      Object.assign(cells.encoding.color.legend, { orient: "bottom", gradientLength: 200 });
    }
  },
};
for (const name of ["pareto", "pareto-macs", "search-frontier"]) fit[name] = fit.frontier;


// Draws the charts in the colours of the reader's theme.
const draw = async (name) => {
  const theme = dark.matches ? report.dark : report.light;
  const chart = report.charts[name];
  const specification = structuredClone(name === "diversity" ? chart[state.matrix] : chart);
  fit[name](specification);
  for (const parameter of specification.params || []) {
    if (parameter.name in theme.parameters) parameter.value = theme.parameters[parameter.name];
  }
  if (views[name]) views[name].finalize();
  views[name] = await vegaEmbed("#chart-" + name, specification, {
    mode: "vega-lite",
    config: theme.config,
    tooltip: { theme: dark.matches ? "dark" : "light" },
    actions: { export: true, source: false, compiled: false, editor: false },
    renderer: "svg",
  });
  if (name === "tradeoff") listen(views[name].view);
};

// One after the other: a drawing that is under way is never torn down.
let drawing = Promise.resolve();
const redraw = (names) => {
  drawing = drawing.then(async () => {
    for (const name of names) await draw(name);
  });
  return drawing;
};
const nameOf = (chart) => chart.id.slice("chart-".length);
const order = [...document.querySelectorAll(".chart")].map(nameOf);
// Those that were drawn, and no others: a chart waits until the reader comes near it.
const again = (names) => redraw(names.filter((name) => name in views));


// The panel that shows all of one candidate.
const memberNotes = (row, index) => {
  const parts = row.parts;
  const notes = [];
  if (parts.weights) notes.push("weight " + fixed(parts.weights[index], 3));
  if (parts.memberTemperatures) notes.push("temperature " + fixed(parts.memberTemperatures[index], 3));
  if (parts.thresholds) {
    const threshold = parts.thresholds[index];
    if (index < parts.thresholds.length) {
      notes.push(threshold === null ? "never stops" : "stops from " + fixed(threshold, 4));
    }
    notes.push(fixed(100 * parts.exits[index], 1) + " % stop here (test: "
      + fixed(100 * parts.testExits[index], 1) + " %)");
  }
  return notes.join("; ");
};

const members = (row) => element("ol", {}, row.members.map((name, index) => {
  const notes = memberNotes(row, index);
  return element("li", {}, name, notes ? element("span", {}, notes) : null);
}));

const table = (heads, lines) => element("table", {},
  element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
  element("tbody", {}, lines.map(([name, ...cells]) => element("tr", {},
    element("th", { scope: "row" }, name), cells.map((cell) => element("td", {}, cell))))));

const metrics = (row) => {
  const sets = [["Hold-out", row.metrics.holdOut], ["Test", row.metrics.test], ["Shifted", row.metrics.shifted]]
    .filter(([, values]) => values);
  const lines = [["Accuracy, %", 2], ["Top-" + decision.topK + ", %", 2], ["NLL, nats", 4], ["Brier", 4], ["ECE", 4]];
  return table(["", ...sets.map(([name]) => name)], lines.map(([name, digits], index) =>
    [name, ...sets.map(([, values]) => fixed(values[index], digits))]));
};

// A cascade costs what the images need: the hold-out's need not be the test images'.
const costTable = (row) => {
  const [isSingle, isCascade] = [row.members.length === 1, !!row.parts.thresholds];
  const sets = row.spent ? [["Test", row.costs], ["Hold-out", row.spent]] : [["An image", row.costs]];
  const shown = decision.measures.filter((measure) =>
    measure.key !== "parallelLatency" || row.costs.parallelLatency !== row.costs.latency);
  const names = {
    multiplyAccumulates: "MACs",
    parameters: "Parameters",
    latency: isSingle ? "ms" : isCascade ? "ms, expected" : "ms, in turn: a sum",
    parallelLatency: isCascade ? "ms, expected side by side" : "ms, side by side: the slowest",
  };
  return table(["Cost", ...sets.map(([name]) => name)], shown.map((measure) =>
    [names[measure.key], ...sets.map(([, costs]) => number(costs[measure.key], measure))]));
};

const copyButton = (text) => {
  const button = element("button", { type: "button" }, "Copy the command");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
    }
  });
  return button;
};

const show = (row) => {
  const tags = [row.deployed ? "deploy" : null, row.reference ? "best single" : null].filter((tag) => tag);
  const { temperature, calibration } = row.parts;
  const confidence = row.parts.confidence;
  document.getElementById("panel").replaceChildren(...[
    element("span", { class: "small" }, row.kind + " · " + row.id),
    tags.map((tag) => element("span", { class: "tag" }, tag)),
    element("h3", {}, row.network),
    element("p", {}, element("b", {}, row.right), " on the " + decision.testName),
    row.comparison
      ? element("p", {}, element("span", { class: "badge " + row.comparison.kind }, row.comparison.word), " "
        + row.comparison.text + " against the best single model")
      : element("p", {}, row.reference ? "The best single model on the hold-out."
        : row.against + " against the best single model"),
    costTable(row),
    element("h4", {}, row.parts.thresholds ? "Members, one after another" : "Members"), members(row),
    row.members.length > 1 ? element("p", { class: "small" }, "Combined by the " + row.how
      + (confidence ? "; sure by " + confidence : "") + ".") : null,
    temperature || calibration ? element("p", { class: "small" }, "Deployed with "
      + (calibration || "a temperature of " + fixed(temperature, 3)) + "; the figures below are without.") : null,
    metrics(row),
    element("h4", {}, "Build it"), element("pre", {}, row.command), copyButton(row.command),
    row.advice ? element("p", { class: "small" }, row.advice) : null,
  ].flat().filter((part) => part));
};


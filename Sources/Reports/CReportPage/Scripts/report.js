// What the page holds, what the reader looks at, and how elements are made.
const report = JSON.parse(document.getElementById("report").textContent);
// Missing on the page of a search, and where nothing could be chosen.
const decision = report.decision;
const rows = decision ? decision.rows : [];
const byId = new Map(rows.map((row) => [row.id, row]));
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");
// The drawn charts, by name.
const views = {};

const state = { measure: decision && decision.measure, budget: 1e300, pinned: "", matrix: "disagreement" };
const currentMeasure = () => decision.measures.find((measure) => measure.key === state.measure);
const spending = (row) => (row.spent || row.costs)[state.measure];

const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  // Strings become text, never markup.
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
};


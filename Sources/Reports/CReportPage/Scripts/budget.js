// The slider of the budget, and what the hold-out chooses for it.
const slider = document.getElementById("budget");
const range = () => {
  const costs = rows.map(spending).filter((cost) => cost > 0);
  return [Math.min(...costs), Math.max(...costs)];
};
const chooses = () => {
  let best = null;
  for (const row of rows) {
    const cost = spending(row);
    if (!(cost > 0 && cost <= state.budget * 1.000001)) continue;
    if (!best || row.choosing > best.choosing
      || (row.choosing === best.choosing && cost < spending(best))) best = row;
  }
  return best;
};
const sayBudget = () => {
  const measure = currentMeasure();
  const isOpen = slider.value === slider.max;
  const limit = isOpen ? "without a limit" : "at most " + amount(state.budget, measure);
  document.getElementById("budget-amount").textContent = limit;
  slider.setAttribute("aria-valuetext", limit);
  const row = chooses();
  const words = document.getElementById("budget-words");
  if (!row) return words.replaceChildren("Nothing costs so little.");
  const button = element("button", { type: "button" }, "Show it");
  button.addEventListener("click", () => pin(row.id));
  const own = measure.key === decision.measure ? "" : " Searched for " + decision.measures[0].name
    + ": for this cost there may be better ones.";
  const against = row.reference ? "it is the best single model" : row.against + " against the best single model";
  words.replaceChildren(
    "The most accurate on the hold-out " + (isOpen ? "whatever it costs" : "for " + limit) + " is ",
    element("b", {}, row.network), " (" + row.id + "): " + row.right + " on the " + decision.testName
    + ", " + against + ", for " + amount(row.costs[measure.key], measure) + "." + own + " ", button);
};
const setBudget = () => {
  const [low, high] = range();
  const share = slider.value / slider.max;
  state.budget = share >= 1 ? 1e300 : low * Math.pow(high / low, share);
  sayBudget();
  if (views.tradeoff) views.tradeoff.view.signal("budget", state.budget).runAsync();
};
const startBudget = () => {
  const [low, high] = range();
  const given = state.measure === decision.measure ? decision.budget : null;
  const share = given && high > low ? Math.log(given / low) / Math.log(high / low) : 1;
  slider.value = Math.round(slider.max * Math.min(1, Math.max(0, share)));
  setBudget();
  if (given && slider.value !== slider.max) {
    state.budget = given;
    sayBudget();
  }
};


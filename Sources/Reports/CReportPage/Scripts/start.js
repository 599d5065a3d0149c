// Lets the controls act, and draws each chart when the reader comes near it.
const choose = (attribute, act) => {
  const buttons = document.querySelectorAll("[data-" + attribute + "]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", other === button);
      act(button.dataset[attribute]);
    });
  }
};
choose("matrix", (key) => {
  state.matrix = key;
  redraw(["diversity"]);
});
if (decision) {
  choose("measure", (key) => {
    state.measure = key;
    startBudget();
    redraw(["tradeoff"]);
  });
  slider.addEventListener("input", setBudget);
  for (const line of document.querySelectorAll("[data-candidate]")) {
    const take = () => pin(line.dataset.candidate);
    line.addEventListener("click", take);
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      take();
    });
  }
  startBudget();
  pin(decision.chosen);
}
dark.addEventListener("change", () => again(order));
narrow.addEventListener("change", () => again(order));
let width = innerWidth;
let waiting = 0;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(() => again(["reliability", "forecast", "reward", "figure1", "figure1-latency", "border"]), 250);
});
// Paper cannot be unfolded: what is not long is printed unfolded.
const mostPrintedRows = 40;
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")].filter(
    (part) => part.querySelectorAll("tbody tr").length <= mostPrintedRows);
  for (const part of unfolded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of unfolded) part.open = false;
});
// Read by tests: when the first chart was there, and how many of all are.
const others = order.slice(1);
const done = document.documentElement.dataset;
redraw(order.slice(0, 1)).then(() => {
  done.drawn = Math.round(performance.now());
  done.missing = others.length;
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((entry) => entry.isIntersecting)) {
      near.unobserve(entry.target);
      redraw([nameOf(entry.target)]).then(() => { done.missing -= 1; });
    }
  }, { rootMargin: "800px" });
  for (const name of others) near.observe(document.getElementById("chart-" + name));
});

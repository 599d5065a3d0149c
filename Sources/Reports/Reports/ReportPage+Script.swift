extension ReportPage {
  /// Draws the charts in the reader's colours, and lets the reader look at candidates.
  static let script =
    "\"use strict\";\n(() => {\n" + words + drawing + panel + explorerScript + starting + "})();\n"

  /// Numbers as the page's own text has them.
  private static let words = """
    const report = JSON.parse(document.getElementById("report").textContent);
    const decision = report.decision;
    const rows = decision ? decision.rows : [];
    const byId = new Map(rows.map((row) => [row.id, row]));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const narrow = matchMedia("(max-width: 40rem)");
    const views = {};

    const fixed = (value, digits) =>
      value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
    const points = (value) => {
      const text = fixed(value, 2);
      return text === "−0.00" ? "0.00" : value > 0 && text !== "0.00" ? "+" + text : text;
    };
    const scaled = (value) => {
      let unit = "";
      for (const next of ["k", "M", "G", "T", "P"]) {
        if (value < 999.5) break;
        value /= 1000;
        unit = "\\u00a0" + next;
      }
      return value.toFixed(unit === "" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) + unit;
    };
    const time = (value) => fixed(value, value < 0.1 ? 4 : value < 10 ? 2 : 1);
    const amount = (value, measure) => (measure.isTime ? time(value) : scaled(value)) + " " + measure.unit;

    const element = (name, attributes, ...children) => {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
      // Strings become text, never markup.
      made.append(...children.flat().filter((child) => child !== null && child !== undefined));
      return made;
    };

    """

  private static let drawing = """
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
      forecast(specification) {
        fitPanels(specification, "forecast", 84, (part, width) => {
          part.width = width;
          part.height = Math.min(width, 230);
        });
      },
      reward(specification) {
        fitPanels(specification, "reward", 72, (part, width) => {
          part.width = width;
          part.height = Math.min(width, 230);
        });
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
    const order = ["tradeoff", "frontier", "reliability", "diversity", "forecast", "pareto", "pareto-macs", "reward",
      "search-frontier"].filter((name) => name in report.charts);
    // Those that were drawn, and no others: a chart waits until the reader comes near it.
    const again = (names) => redraw(names.filter((name) => name in views));

    """

  private static let panel = """
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

    const metrics = (row) => {
      const sets = [["Hold-out", row.metrics.holdOut], ["Test", row.metrics.test], ["Shifted", row.metrics.shifted]]
        .filter(([, values]) => values);
      const lines = [["Accuracy, %", 2], ["Top-" + decision.topK + ", %", 2], ["NLL, nats", 4], ["Brier", 4], ["ECE", 4]];
      return element("table", {},
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, ""),
          sets.map(([name]) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, lines.map(([name, digits], index) => element("tr", {},
          element("th", { scope: "row" }, name),
          sets.map(([, values]) => element("td", {}, fixed(values[index], digits)))))));
    };

    // A cascade costs what the images need: the hold-out's need not be the test images'.
    const costTable = (row) => {
      const [isSingle, isCascade] = [row.members.length === 1, !!row.parts.thresholds];
      const kinds = row.spent ? [["Test", row.costs], ["Hold-out", row.spent]] : [["An image", row.costs]];
      const shown = decision.measures.filter((measure) =>
        measure.key !== "parallelLatency" || row.costs.parallelLatency !== row.costs.latency);
      const names = { multiplyAccumulates: "MACs", parameters: "Parameters", latency: (isSingle ? "ms" : isCascade ? "ms, expected" : "ms, in turn: a sum"),
        parallelLatency: isCascade ? "ms, expected side by side" : "ms, side by side: the slowest" };
      return element("table", {},
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Cost"),
          kinds.map(([name]) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, shown.map((measure) => element("tr", {},
          element("th", { scope: "row" }, names[measure.key]),
          kinds.map(([, costs]) => element("td", {},
            measure.isTime ? time(costs[measure.key]) : scaled(costs[measure.key])))))));
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
      const temperature = row.parts.temperature;
      const confidence = row.parts.confidence;
      document.getElementById("panel").replaceChildren(...[
        element("span", { class: "small" }, row.kind + " · " + row.id),
        tags.map((tag) => element("span", { class: "tag" }, tag)),
        element("h3", {}, row.network),
        element("p", {}, element("b", {}, row.right), " on the " + decision.testName),
        row.comparison
          ? element("p", {}, element("span", { class: "badge " + row.comparison.kind }, row.comparison.word), " "
            + row.comparison.text + " against the best single model")
          : element("p", {}, row.reference ? "The best single model on the hold-out." : row.against + " against the best single model"),
        costTable(row),
        element("h4", {}, row.parts.thresholds ? "Members, one after another" : "Members"), members(row),
        row.members.length > 1 ? element("p", { class: "small" }, "Combined by the " + row.how
          + (confidence ? "; sure by " + confidence : "") + ".") : null,
        temperature ? element("p", { class: "small" }, "Deployed with a temperature of " + fixed(temperature, 3)
          + "; the figures below are without.") : null,
        metrics(row),
        element("h4", {}, "Build it"), element("pre", {}, row.command), copyButton(row.command),
        row.advice ? element("p", { class: "small" }, row.advice) : null,
      ].flat().filter((part) => part));
    };

    """

  private static let explorerScript = """
    const state = { measure: decision && decision.measure, budget: 1e300, pinned: "", matrix: "disagreement" };
    const currentMeasure = () => decision.measures.find((measure) => measure.key === state.measure);
    const spending = (row) => (row.spent || row.costs)[state.measure];

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

    """

  private static let starting = """
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
      waiting = setTimeout(() => again(["reliability", "forecast", "reward"]), 250);
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
          redraw([entry.target.id.slice("chart-".length)]).then(() => { done.missing -= 1; });
        }
      }, { rootMargin: "800px" });
      for (const name of others) near.observe(document.getElementById("chart-" + name));
    });

    """
}

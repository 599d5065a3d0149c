extension FrontierPage {
  /// The page's look: light and dark by the reader's setting, narrow screens, print.
  static let style = """
    :root {
      --background: #ffffff; --text: #1c2126; --soft: #59636e; --line: #dfe3e8; --panel: #f6f7f9;
      --better: #00604f; --better-back: #dff3ec; --worse: #9a3c00; --worse-back: #fbe9dd;
      --undecided: #4a5560; --undecided-back: #e9ecf0; --heat-colour: #0072b2;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --background: #14181d; --text: #e6e9ed; --soft: #a3adb8; --line: #2c333b; --panel: #1b2027;
        --better: #6fdcb8; --better-back: #12362d; --worse: #ffb68a; --worse-back: #412413;
        --undecided: #c3ccd5; --undecided-back: #2a313a; --heat-colour: #3f97d6;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--background); color: var(--text);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
      overflow-wrap: anywhere;
    }
    main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    .kicker { margin: 0; color: var(--soft); font-size: .875rem; }
    h1 { margin: .1rem 0 .75rem; font-size: 1.9rem; line-height: 1.2; }
    h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; }
    h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
    .lede { margin: 0 0 1rem; font-size: 1.2rem; line-height: 1.45; max-width: 46rem; }
    .small, figcaption { color: var(--soft); font-size: .875rem; }
    .findings { list-style: none; margin: 1.25rem 0 .75rem; padding: 0; display: grid; gap: .6rem; }
    .finding {
      display: grid; grid-template-columns: 7.25rem 1fr; gap: .75rem; align-items: start;
      padding: .75rem .9rem; background: var(--panel); border-radius: .5rem;
      border-left: .25rem solid var(--undecided);
    }
    .finding.better { border-color: var(--better); }
    .finding.worse { border-color: var(--worse); }
    .finding p { margin: 0; }
    .finding p + p { margin-top: .3rem; }
    .badge {
      justify-self: start; padding: .05rem .55rem; border-radius: 1rem; font-size: .8125rem;
      white-space: nowrap; color: var(--undecided); background: var(--undecided-back);
    }
    .better .badge { color: var(--better); background: var(--better-back); }
    .worse .badge { color: var(--worse); background: var(--worse-back); }
    figure { margin: 0; }
    #chart { display: block; width: 100%; padding: 0; }
    #chart svg { display: block; }
    .still { display: none; }
    figure img { max-width: 100%; height: auto; }
    figcaption { margin-top: .5rem; max-width: 46rem; }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
    table {
      border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums;
      overflow-wrap: normal;
    }
    th, td { padding: .4rem .55rem; text-align: right; white-space: nowrap; }
    th { text-align: left; font-weight: 500; }
    thead th { color: var(--soft); text-align: right; border-bottom: 1px solid var(--line); }
    thead th:first-child { text-align: left; }
    tbody th:first-child, thead th:first-child {
      position: sticky; left: 0; background: var(--background);
    }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody tr.pareto > * { background: var(--panel); }
    tbody tr.pareto > th { font-weight: 700; }
    .verdict, thead th:last-child, thead th.word { text-align: left; }
    .heat th, .heat td { padding: .3rem .45rem; }
    .heat td {
      background: color-mix(in srgb, var(--heat-colour) calc(var(--heat, 0%) * .55), transparent);
    }
    .heat thead th:last-child { text-align: right; }
    details { margin: 1rem 0; }
    summary { cursor: pointer; font-weight: 500; margin-bottom: .5rem; }
    dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0; }
    dt { color: var(--soft); }
    dd { margin: 0; }
    code { font: .875em ui-monospace, "Liberation Mono", monospace; }
    :focus-visible { outline: 2px solid var(--heat-colour); outline-offset: 2px; }
    @media (max-width: 40rem) {
      main { padding: 1.25rem 1rem 3rem; }
      h1 { font-size: 1.5rem; }
      .lede { font-size: 1.075rem; }
      .finding { grid-template-columns: 1fr; gap: .35rem; }
      dl { grid-template-columns: 1fr; gap: 0; }
      dd { margin-bottom: .6rem; }
    }
    @media print {
      :root {
        --background: #ffffff; --text: #000000; --soft: #444444; --line: #cccccc; --panel: #f4f4f4;
        --better: #00604f; --better-back: #ffffff; --worse: #9a3c00; --worse-back: #ffffff;
        --undecided: #444444; --undecided-back: #ffffff; --heat-colour: #0072b2;
      }
      main { max-width: none; padding: 0; }
      #chart { display: none; }
      .still { display: block; }
      .scroll { overflow: visible; border: 0; }
      table { font-size: .7rem; }
      th, td { padding: .2rem .35rem; }
      h2, h3 { break-after: avoid; }
      tr, .finding, figure { break-inside: avoid; }
    }
    """

  /// Draws the chart in the reader's colours, and again where these or the width's class change.
  static let script = """
    "use strict";
    (() => {
      const charts = JSON.parse(document.getElementById("charts").textContent);
      const dark = matchMedia("(prefers-color-scheme: dark)");
      const narrow = matchMedia("(max-width: 40rem)");
      let drawn = Promise.resolve();
      const draw = async () => {
        const specification = structuredClone(charts.specification);
        specification.height = narrow.matches ? 360 : 440;
        for (const layer of specification.layer) {
          for (const channel of ["color", "shape"]) {
            const legend = layer.encoding?.[channel]?.legend;
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
        return vegaEmbed("#chart", specification, {
          config: dark.matches ? charts.dark : charts.light,
          tooltip: { theme: dark.matches ? "dark" : "light" },
          actions: { export: true, source: false, compiled: false, editor: false },
          renderer: "svg",
        });
      };
      const redraw = () => {
        drawn = drawn.then((view) => view?.finalize()).then(draw);
      };
      dark.addEventListener("change", redraw);
      narrow.addEventListener("change", redraw);
      redraw();
    })();
    """
}

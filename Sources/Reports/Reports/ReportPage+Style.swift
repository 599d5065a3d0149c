extension ReportPage {
  /// The page's look: light and dark by the reader's setting, narrow screens, print.
  static let style = colours + text + tables + explorerStyle + parts + smallScreens + print

  private static let colours = """
    :root {
      --background: #ffffff; --text: #1c2126; --soft: #59636e; --line: #dfe3e8; --panel: #f6f7f9;
      --better: #00604f; --better-back: #dff3ec; --worse: #9a3c00; --worse-back: #fbe9dd;
      --undecided: #4a5560; --undecided-back: #e9ecf0; --accent: #0072b2; --on-accent: #ffffff;
      --second: #d55e00;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --background: #14181d; --text: #e6e9ed; --soft: #a3adb8; --line: #2c333b; --panel: #1b2027;
        --better: #6fdcb8; --better-back: #12362d; --worse: #ffb68a; --worse-back: #412413;
        --undecided: #c3ccd5; --undecided-back: #2a313a; --accent: #5db7f0; --on-accent: #0b1117;
        --second: #f09a5a;
      }
    }

    """

  private static let text = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
    body {
      margin: 0; background: var(--background); color: var(--text);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
      overflow-wrap: anywhere;
    }
    main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    .kicker { margin: 0; color: var(--soft); font-size: .875rem; }
    h1 { margin: .1rem 0 .75rem; font-size: 1.9rem; line-height: 1.2; }
    h2 { margin: 2.75rem 0 .75rem; font-size: 1.3rem; }
    h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
    p, ul, dl { max-width: 52rem; }
    a { color: var(--accent); }
    .lede { margin: 0 0 .6rem; font-size: 1.3rem; line-height: 1.45; }
    .second { margin: 0 0 1rem; font-size: 1.05rem; }
    .small, figcaption { color: var(--soft); font-size: .875rem; }
    .grounds { margin: 1rem 0; padding-left: 1.2rem; }
    .grounds li + li { margin-top: .25rem; }
    .command { margin: 1rem 0; }
    .command span { color: var(--soft); }
    .command code { white-space: pre-wrap; }
    code { font: .875em ui-monospace, "Liberation Mono", monospace; }
    nav {
      display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin-top: 1.5rem; padding: .6rem 0;
      border-block: 1px solid var(--line); font-size: .875rem;
    }
    nav a { text-decoration: none; }
    nav a:hover { text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    details { margin: 1rem 0; }
    summary { cursor: pointer; font-weight: 500; margin-bottom: .5rem; }
    dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0; }
    dt { color: var(--soft); }
    dd { margin: 0; }

    """

  private static let tables = """
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; margin-top: 1rem; }
    table {
      border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums;
      overflow-wrap: normal;
    }
    th, td { padding: .4rem .55rem; text-align: right; white-space: nowrap; }
    th { text-align: left; font-weight: 500; }
    thead th { color: var(--soft); text-align: right; border-bottom: 1px solid var(--line); }
    thead th:first-child { text-align: left; }
    td.word, thead th.word { text-align: left; }
    tbody th:first-child, thead th:first-child {
      position: sticky; left: 0; background: var(--background);
    }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody tr.pareto > * { background: var(--panel); }
    tbody tr.pareto > th { font-weight: 700; }
    tbody th:first-child { white-space: normal; min-width: 11.5rem; max-width: 18rem; }
    .name { overflow-wrap: anywhere; }
    .name, .panel h3, .panel li, .key li { unicode-bidi: isolate; }
    .id { color: var(--soft); font-weight: 400; }
    .key { display: none; }
    td.names { white-space: normal; min-width: 9rem; }
    td small { color: var(--soft); font-size: .75rem; }
    .live .rows tbody tr { cursor: pointer; }
    .live .rows tbody tr:hover > * { background: var(--panel); }
    .rows tr.pinned > th:first-child { box-shadow: inset .2rem 0 var(--accent); }
    .rows tr:focus-visible { outline-offset: -2px; }
    .tag {
      display: inline-block; white-space: nowrap; margin-left: .35rem; padding: 0 .45rem; border-radius: 1rem; font-size: .75rem;
      font-weight: 500; color: var(--on-accent); background: var(--accent);
    }
    td.bar {
      background: linear-gradient(
        to left, color-mix(in srgb, var(--accent) 28%, transparent) var(--share, 0%), transparent 0);
    }
    .badge {
      display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8125rem;
      white-space: nowrap; color: var(--undecided); background: var(--undecided-back);
    }
    .badge.better, .better .badge { color: var(--better); background: var(--better-back); }
    .badge.worse, .worse .badge { color: var(--worse); background: var(--worse-back); }

    """

  private static let explorerStyle = """
    figure { margin: 0; }
    .chart { display: none; width: 100%; padding: 0; }
    .live .chart { display: block; }
    .chart svg { display: block; }
    .live .still { display: none; }
    figure img { max-width: 100%; height: auto; }
    figcaption { margin-top: .5rem; max-width: 52rem; }
    .controls, .panel, .controls-note { display: none; }
    .live .controls-note { display: inline; }
    .live .choice { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; margin: 0 0 .75rem; }
    .choice span { color: var(--soft); font-size: .875rem; margin-right: .25rem; }
    button {
      font: inherit; font-size: .875rem; padding: .25rem .8rem; border-radius: 1rem; cursor: pointer;
      border: 1px solid var(--line); color: var(--text); background: var(--background);
    }
    button:hover { border-color: var(--accent); }
    button[aria-pressed="true"] {
      color: var(--on-accent); background: var(--accent); border-color: var(--accent);
    }
    .explorer { display: grid; grid-template-columns: minmax(0, 1fr) 22rem; gap: 1.5rem; align-items: start; }
    html:not(.live) .explorer { display: block; }
    .live .budget { display: block; margin-top: 1rem; }
    .budget label { display: block; font-weight: 500; }
    .budget output { font-weight: 400; color: var(--soft); }
    .budget input { width: 100%; margin: .4rem 0; accent-color: var(--accent); }
    .budget p { margin: .2rem 0 0; min-height: 4.6rem; }
    @media (min-width: 62.01rem) { .live .panel { position: sticky; top: 1rem; } }
    .live .panel {
      display: block; padding: 1rem 1.1rem; background: var(--panel); border-radius: .6rem; font-size: .9rem;
      border: 1px solid var(--line);
    }
    .panel h3 { margin: .35rem 0 .5rem; font-size: 1.05rem; }
    .panel h4 { margin: 1rem 0 .3rem; font-size: .8125rem; color: var(--soft); font-weight: 500; }
    .panel p { margin: .4rem 0; }
    .panel .tag { margin-left: .4rem; }
    .panel ol { margin: .2rem 0; padding-left: 1.3rem; }
    .panel li span { display: block; color: var(--soft); font-size: .8125rem; }
    .panel table { font-size: .8125rem; }
    .panel th, .panel td { padding: .2rem .3rem; }
    .panel tbody th:first-child, .panel thead th:first-child {
      background: transparent; position: static; padding-left: 0; min-width: 0; white-space: nowrap;
    }
    .panel pre {
      margin: .3rem 0 .5rem; padding: .5rem .6rem; white-space: pre-wrap; overflow-wrap: anywhere;
      background: var(--background); border: 1px solid var(--line); border-radius: .35rem;
      font: .78rem/1.45 ui-monospace, "Liberation Mono", monospace;
    }

    """

  private static let parts = """
    .cards {
      display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .75rem;
      max-width: none; margin: 1.25rem 0;
    }
    .card { padding: .8rem 1rem; background: var(--panel); border-radius: .6rem; border: 1px solid var(--line); }
    .card dt { font-size: .8125rem; }
    .card b { display: block; font-size: 1.65rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
    .card span { color: var(--soft); font-size: .8125rem; }
    .findings { list-style: none; margin: 1.25rem 0 .75rem; padding: 0; display: grid; gap: .6rem; max-width: none; }
    .finding {
      display: grid; grid-template-columns: 7.25rem 1fr; gap: .75rem; align-items: start;
      padding: .75rem .9rem; background: var(--panel); border-radius: .5rem;
      border-left: .25rem solid var(--undecided);
    }
    .finding.better { border-color: var(--better); }
    .finding.worse { border-color: var(--worse); }
    .finding .badge { justify-self: start; }
    .finding p { margin: 0; max-width: none; }
    .finding p + p { margin-top: .3rem; }
    .examples {
      list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 1rem; max-width: none;
      grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
    }
    .examples img {
      display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: .4rem;
      background: var(--panel);
    }
    .examples img.tiny { image-rendering: pixelated; }
    .examples p { margin: .15rem 0; font-size: .875rem; line-height: 1.3; }
    .founds { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem 2rem; }
    .found { min-width: 0; }
    .found p { margin: .2rem 0; }
    .strip { overflow-x: auto; }
    .sketch { display: block; color: var(--soft); }
    .sketch text { font-size: 10px; fill: currentColor; }
    .sketch .one { fill: var(--soft); stroke: var(--soft); }
    .sketch .three { fill: var(--accent); stroke: var(--accent); }
    .sketch .five { fill: var(--second); stroke: var(--second); }
    .sketch .hollow { fill: none; stroke-width: 1.5; }
    .sketch .gate { fill: var(--text); }
    .sketch .skip { fill: none; stroke: var(--soft); stroke-width: 1.25; }
    .sketch .projected { stroke-dasharray: 3 2; }
    p.better { color: var(--better); }
    p.worse { color: var(--worse); }

    """

  private static let smallScreens = """
    @media (max-width: 62rem) {
      .explorer { grid-template-columns: minmax(0, 1fr); }
    }
    @media (max-width: 40rem) {
      main { padding: 1.25rem 1rem 3rem; }
      h1 { font-size: 1.5rem; }
      .lede { font-size: 1.1rem; }
      .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
      .card { padding: .6rem .7rem; }
      .card b { font-size: 1.3rem; }
      .finding { grid-template-columns: 1fr; gap: .35rem; }
      tbody th:first-child { min-width: 8rem; max-width: 9.5rem; }
      .live .key { display: block; columns: 2; padding-left: 1.6rem; margin: .5rem 0; }
      dl:not(.cards) { grid-template-columns: 1fr; gap: 0; }
      dl:not(.cards) dd { margin-bottom: .6rem; }
      .examples { grid-template-columns: repeat(2, 1fr); }
    }

    """

  private static let print = """
    @media print {
      :root {
        --background: #ffffff; --text: #000000; --soft: #444444; --line: #cccccc; --panel: #f4f4f4;
        --better: #00604f; --better-back: #ffffff; --worse: #9a3c00; --worse-back: #ffffff;
        --undecided: #444444; --undecided-back: #ffffff; --accent: #0072b2; --on-accent: #ffffff;
        --second: #d55e00;
      }
      html { font-size: 12px; }
      body { font-size: 1rem; }
      main { max-width: none; padding: 0; }
      nav, .live .chart, .live .controls, .live .panel, .live .controls-note { display: none; }
      .explorer { display: block; }
      .live .still { display: block; max-height: 17cm; }
      .scroll { overflow: visible; border: 0; }
      table { font-size: .78rem; }
      th, td { padding: .2rem .35rem; }
      thead th, td.word { white-space: normal; }
      td small { display: block; }
      .cards { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .5rem; }
      .card { padding: .5rem .6rem; }
      .card b { font-size: 1.3rem; }
      tbody th:first-child, thead th:first-child { position: static; min-width: 0; max-width: none; }
      h2, h3 { break-after: avoid; }
      tr, .finding, .card, figure, .examples li { break-inside: avoid; }
      .examples { grid-template-columns: repeat(6, 1fr); }
    }
    """
}

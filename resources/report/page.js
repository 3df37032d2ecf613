// Draws each chart in the colours and the width of the page, and again when these change.
(() => {
  const PANEL = 300, NARROW = 600;
  // What the labels beside a panel take of its width.
  const FIGURES = 52, NAMES = 170;
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Strings of a spec that begin with $ are names of the page's colours.
  const coloured = part => typeof part === "string" && part.startsWith("$") ? colour(part.slice(1))
    : Array.isArray(part) ? part.map(coloured)
    : part && typeof part === "object"
      ? Object.fromEntries(Object.entries(part).map(([name, value]) => [name, coloured(value)]))
    : part;

  const config = width => {
    const text = {labelColor: colour("ink"), titleColor: colour("soft"), titleFontWeight: "normal",
      labelFontSize: 12, titleFontSize: 12};
    return {
      background: "transparent", font: "system-ui, sans-serif",
      axis: {...text, gridColor: colour("line"), domain: false, ticks: false, labelPadding: 6, titlePadding: 8,
        labelLimit: Math.min(260, width * 0.42)},
      axisX: {grid: false}, axisQuantitative: {grid: true},
      legend: {...text, orient: "top", direction: "horizontal", labelLimit: 300, symbolType: "square", offset: 8,
        columns: width < NARROW ? 1 : 0},
      header: {labelColor: colour("ink"), labelFontSize: 12.5, labelPadding: 6},
      text: {color: colour("ink"), fontSize: 12}, view: {stroke: null}, facet: {spacing: 24},
    };
  };

  const sized = (spec, width) => {
    if (!spec.facet)
      return {...spec, width, autosize: {type: "fit-x", contains: "padding"}};
    const columns = Math.max(1, Math.min(spec.columns, Math.floor(width / PANEL)));
    const labels = spec.spec.encoding.y?.type === "nominal" ? Math.min(NAMES, width * 0.4) : FIGURES;
    const panel = Math.max(120, Math.floor(width / columns) - labels);
    const header = {...spec.facet.header, labelLimit: panel};
    return {...spec, columns, spacing: {column: labels, row: 76}, facet: {...spec.facet, header},
      spec: {...spec.spec, width: panel}, config: {axisY: {labelLimit: labels - 16}}};
  };

  const draw = figure => {
    const {spec, columns, rows} = JSON.parse(figure.nextElementSibling.textContent);
    const values = rows.map(row => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
    const whole = {...sized(coloured(spec), figure.clientWidth), data: {values}};
    // `ast`: expressions are interpreted, so that the page needs no eval.
    return vegaEmbed(figure, whole, {
      actions: false, renderer: "svg", ast: true, config: config(figure.clientWidth), defaultStyle: false, logLevel: vega.Error,
      tooltip: {disableDefaultStyle: true},
    }).catch(error => { figure.textContent = `This chart can't be drawn: ${error.message}`; });
  };

  const drawAll = () => Promise.all([...document.querySelectorAll("figure.chart")].map(draw))
    .then(() => { document.documentElement.dataset.drawn = "yes"; });
  drawAll();
  for (const query of ["(prefers-color-scheme: dark)", "print"])
    matchMedia(query).addEventListener("change", drawAll);
  let pause;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(pause);
    pause = setTimeout(drawAll, 200);
  });
})();

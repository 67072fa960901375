// The charts of the report page, by uPlot.

/** @typedef {import('../timeline.js').TimelineData} TimelineData */

/**
 * The time of a mark.
 * @param {number} seconds since 1970
 * @param {number} distance of two marks, in seconds
 */
function atTime(seconds, distance) {
  const shown = distance < 60 ? { second: /** @type {const} */ ('2-digit') } : {};
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...shown });
}

/** Charts that are drawn, each with how it is drawn anew: their colours are not CSS. @type {(() => void)[]} */
const drawn = [];

/** @param {string} name of a custom property */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * A chart over the time of the run.
 *
 * @param {string} label what it shows, for those who do not see it
 * @param {TimelineData} timeline
 * @param {{ label: string, values: number[], colour: string, isLimit?: boolean, isFilled?: boolean }[]} series
 */
function chart(label, timeline, series) {
  const box = make('div.chart');
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', label);
  const start = timeline.startedAt / 1000;
  const times = timeline.calls.map((_, part) => start + part * timeline.seconds);
  const columns = series.map(({ values }) => values);
  // A line takes two points: what a part has is so to its end.
  const end = start + times.length * timeline.seconds;
  const data = [[...times, end], ...columns.map((values) => [...values, values.at(-1) ?? 0])];
  /** @type {uPlot | null} */
  let plot = null;
  const draw = () => {
    plot?.destroy();
    const [text, line] = [colour('soft'), colour('line')];
    // As short as the distance of the marks allows.
    const marks = (/** @type {uPlot} */ _, /** @type {number[]} */ at) =>
      at.map((time) => atTime(time, (at[1] ?? 0) - (at[0] ?? 0)));
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    plot = new uPlot(
      {
        width: Math.max(240, box.clientWidth),
        height: 200,
        padding: [null, 28, null, null],
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [
          { ...axis, values: marks, space: 72 },
          { ...axis, size: 52 },
        ],
        cursor: { y: false, drag: { x: true, y: false } },
        series: [
          { value: (_, time) => (time === null ? '–' : when(time * 1000)), label: 'at' },
          ...series.map((each) => ({
            label: each.label,
            stroke: colour(each.colour),
            width: each.isLimit ? 2 : 1.5,
            ...(each.isLimit ? { dash: [6, 4] } : {}),
            ...(each.isFilled ? { fill: `${colour(each.colour)}33` } : {}),
            ...(stepped ? { paths: stepped } : {}),
            points: { show: false },
            value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) =>
              value === null ? '–' : count(value),
          })),
        ],
      },
      /** @type {uPlot.AlignedData} */ (data),
      box,
    );
  };
  drawn.push(draw);
  new ResizeObserver(() => {
    if (plot && Math.abs(plot.width - box.clientWidth) > 1)
      plot.setSize({ width: Math.max(240, box.clientWidth), height: 200 });
  }).observe(box);
  return box;
}

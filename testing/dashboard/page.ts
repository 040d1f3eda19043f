// A page with the panels where the dashboard has them, drawn by uPlot.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Panel, Series } from './panels.ts';

const require = createRequire(import.meta.url);
const read = (name: string): string => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

export const SIZE = { width: 1_200, height: 1_155 };
const COLUMN = SIZE.width / 24;
const ROW = 32;

/** Runs in the page. */
const DRAW = `
const COLORS = ['#73bf69', '#5794f2', '#f2cc0c', '#ff780a', '#b877d9', '#f2495c'];
const number = (value) => Math.abs(value) >= 1e3 ? +(value / 1e3).toPrecision(3) + ' k' : String(+value.toPrecision(3));
const UNITS = {
  s: (value) => value === 0 ? '0' : value < 1e-3 ? +(value * 1e6).toPrecision(3) + ' µs' : value < 1 ? +(value * 1e3).toPrecision(3) + ' ms' : +value.toPrecision(3) + ' s',
  percentunit: (value) => +(value * 100).toPrecision(3) + ' %',
  ops: (value) => number(value) + '/s',
};
for (const { title, type, unit, series, box } of panels) {
  const panel = document.createElement('div');
  panel.className = 'panel';
  Object.assign(panel.style, Object.fromEntries(Object.entries(box).map(([name, value]) => [name, value + 'px'])));
  panel.innerHTML = '<h2></h2>';
  panel.firstChild.textContent = title;
  document.body.append(panel);
  const format = UNITS[unit] ?? number;
  if (type === 'stat') {
    const last = series[0]?.values.findLast((value) => value !== null);
    panel.insertAdjacentHTML('beforeend', '<p>' + (last == null ? 'No data' : unit === 'none' ? Math.round(last) : format(last)) + '</p>');
    continue;
  }
  const shown = series.map(({ label }, at) => '<span><i style="background:' + COLORS[at % 6] + '"></i>' + label + '</span>');
  const grid = { stroke: '#2c3235', width: 1 };
  new uPlot({
    width: box.width - 16, height: box.height - 62, legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false }, y: { range: (_, min, max) => [Math.min(0, min ?? 0), max ? max * 1.1 : 1] } },
    axes: [
      { stroke: '#ccccdc', grid, values: (_, splits) => splits.map((value) => value + ' s') },
      { stroke: '#ccccdc', grid, size: 70, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...series.map((_, at) => ({ stroke: COLORS[at % 6], width: 1.5, points: { show: false } }))],
  }, [times, ...series.map(({ values }) => values)], panel);
  panel.insertAdjacentHTML('beforeend', '<div class="legend">' + shown.join('') + '</div>');
}`;

const STYLE = `body { margin: 0; background: #111217; color: #ccccdc; font: 12px sans-serif }
.panel { position: absolute; box-sizing: border-box; padding: 6px 8px; background: #181b1f; border: 1px solid #2c3235 }
h2 { margin: 0 0 4px; font-size: 13px } p { margin: 14px 0; font-size: 38px; text-align: center; color: #73bf69 }
.legend { height: 18px; overflow: hidden; white-space: nowrap; font-size: 11px } .legend span { margin-right: 12px }
i { display: inline-block; width: 12px; height: 3px; margin: 0 5px 3px 0 }`;

/** Without those that are always zero: there are more of them than colours. All, where all are. */
function withoutZeros(series: readonly Series[]): readonly Series[] {
  const shown = series.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  return shown.length > 0 ? shown : series;
}

export function pageOf(panels: readonly Panel[], times: readonly number[]): string {
  const placed = panels.map(({ gridPos: { x, y, w, h }, series, ...panel }) => ({
    ...panel,
    series: withoutZeros(series),
    box: { left: x * COLUMN + 3, top: y * ROW + 3, width: w * COLUMN - 6, height: h * ROW - 6 },
  }));
  const [first = 0] = times;
  const data = JSON.stringify({ panels: placed, times: times.map((time) => time - first) }).replaceAll(
    '<',
    '\\u003c',
  );
  return `<!doctype html><meta charset="utf-8"><style>${read('uPlot.min.css')}${STYLE}</style><body>
<script>${read('uPlot.iife.min.js')}</script><script>const { panels, times } = ${data};${DRAW}</script></body>`;
}

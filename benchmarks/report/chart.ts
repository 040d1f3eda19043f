// chart.svg: what a delivered record costs the main thread, and how many are delivered in a second.
import { writeFileSync } from 'node:fs';
import { FLOOR, MODE_NAMES, OTHER_CLIENT, PUBLIC_SEND } from '../measure/targets.ts';
import type { Figures } from '../scenario.ts';
import type { Measured } from './promise-checks.ts';
import { type Summary, summaryOf } from './statistics.ts';

const FILE = new URL('../chart.svg', import.meta.url);

const WIDTH = 940;
const LABELS = 330;
const VALUES = 90;
const BAR = 18;
const STEP = 30;
const PLOT = WIDTH - LABELS - VALUES;
const OURS = '#2563eb';
const OTHERS = '#94a3b8';
const INK = '#1f2937';
const GRID = '#e2e8f0';

interface Panel {
  readonly title: string;
  readonly figure: string;
  readonly digits: number;
}

const PANELS: readonly Panel[] = [
  {
    title: 'CPU time of the main thread per delivered record, µs (less is better)',
    figure: 'mainMicros',
    digits: 1,
  },
  { title: 'Delivered records per second (more is better)', figure: 'perSecond', digits: 0 },
];

/** Of the variants that deliver: one that does nothing is infinitely fast at it. */
export function writeChart(measured: readonly Measured[]): void {
  const delivered = measured.find(({ scenario }) => scenario.name === 'delivered');
  if (delivered === undefined) return;
  writeFileSync(FILE, chartOf(delivered.figures));
}

function chartOf(figures: ReadonlyMap<string, readonly Figures[]>): string {
  let top = 8;
  const panels = PANELS.map((panel) => {
    const own = new Map([...figures].filter(([name]) => panel.figure !== 'perSecond' || name !== FLOOR));
    const { markup, height } = panelOf(panel, own, top);
    top += height;
    return markup;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13" fill="${INK}">
<title>${PANELS.map(({ title }) => title).join('; ')}</title>
<rect width="${WIDTH}" height="${top}" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}

function panelOf(
  { title, figure, digits }: Panel,
  figures: ReadonlyMap<string, readonly Figures[]>,
  top: number,
): { markup: string; height: number } {
  const bars = [...figures].map(([name, rounds]) => ({
    name,
    summary: summaryOf(rounds.map((round) => round[figure] ?? Number.NaN)),
  }));
  const step = tickStep(Math.max(...bars.map(({ summary }) => summary.max)));
  const end = step * Math.ceil(Math.max(...bars.map(({ summary }) => summary.max)) / step);
  const x = (value: number): number => LABELS + (value / end) * PLOT;
  const first = top + 34;
  const bottom = first + bars.length * STEP;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step).map(
    (tick) =>
      `<path d="M${x(tick)} ${first - 4}V${bottom}" stroke="${GRID}"/><text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle" font-size="11">${numberOf(tick, 0)}</text>`,
  );
  const rows = bars.map(({ name, summary }, at) => rowOf(name, summary, first + at * STEP, x, digits));
  const heading = `<text x="8" y="${top + 18}" font-size="15" font-weight="600">${title}</text>`;
  return { markup: [heading, ...ticks, ...rows].join('\n'), height: bottom + 34 - top };
}

function rowOf(
  name: string,
  { median, min, max }: Summary,
  y: number,
  x: (value: number) => number,
  digits: number,
): string {
  const isOurs = MODE_NAMES.includes(name) || name === OTHER_CLIENT || name === PUBLIC_SEND;
  const label = isOurs ? `winston-kafkajs, ${name}` : name;
  const middle = y + BAR / 2;
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end"${isOurs ? ' font-weight="600"' : ''}>${label}</text>`,
    `<rect x="${x(0)}" y="${y}" width="${x(median) - x(0)}" height="${BAR}" fill="${isOurs ? OURS : OTHERS}"/>`,
    `<path d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8" stroke="${INK}" fill="none"/>`,
    `<text x="${x(max) + 8}" y="${middle + 4}">${numberOf(median, digits)}</text>`,
  ].join('');
}

/** 1, 2 or 5 times a power of ten, so that there are some five to ten ticks. */
function tickStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const scaled = most / power;
  return scaled > 5 ? power : scaled > 2 ? power / 2 : power / 5;
}

function numberOf(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

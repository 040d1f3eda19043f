// The panels of docs/grafana-dashboard.json, with what Prometheus answers to their queries.
import { readFileSync } from 'node:fs';
import type { Prometheus } from './scraped-run.ts';

const STEP_S = 1;
// Grafana's is four times the scrape interval at least.
const RATE_INTERVAL = '4s';

interface DashboardPanel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries';
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly fieldConfig?: { defaults?: { unit?: string } };
  readonly targets: readonly { expr: string; legendFormat: string }[];
}

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

export interface Panel extends Pick<DashboardPanel, 'title' | 'type' | 'gridPos'> {
  readonly unit: string;
  readonly series: readonly Series[];
}

interface Answer {
  readonly status: string;
  readonly data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
}

/** The times of the points, in seconds since 1970. */
export function timesOf({ from, to }: Prometheus): number[] {
  return Array.from({ length: Math.floor((to - from) / STEP_S) + 1 }, (_, at) => from + at * STEP_S);
}

async function query(prometheus: Prometheus, expr: string, legend: string): Promise<Series[]> {
  const { url, from, to } = prometheus;
  const filled = expr.replaceAll('$__rate_interval', RATE_INTERVAL).replaceAll(/\$(job|transport)/g, '.*');
  const parameters = new URLSearchParams({
    query: filled,
    start: `${from}`,
    end: `${to}`,
    step: `${STEP_S}`,
  });
  const response = await fetch(`${url}/api/v1/query_range?${parameters}`);
  const { status, data } = (await response.json()) as Answer;
  if (status !== 'success') throw new Error(`Prometheus refuses ${filled}`);
  return data.result.map(({ metric, values }) => {
    const byTime = new Map(values.map(([time, value]) => [Math.round(time - from), Number(value)]));
    return {
      label: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? ''),
      values: timesOf(prometheus).map((time) => byTime.get(Math.round(time - from)) ?? null),
    };
  });
}

export async function readPanels(prometheus: Prometheus): Promise<Panel[]> {
  const file = new URL('../../docs/grafana-dashboard.json', import.meta.url);
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: DashboardPanel[] };
  return Promise.all(
    panels.map(async ({ title, type, gridPos, fieldConfig, targets }) => {
      const answers = targets.map(({ expr, legendFormat }) => query(prometheus, expr, legendFormat));
      const series = (await Promise.all(answers)).flat();
      return { title, type, gridPos, unit: fieldConfig?.defaults?.unit ?? 'none', series };
    }),
  );
}

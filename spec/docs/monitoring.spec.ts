import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { KafkaTransport, prometheus } from '../../lib/index.ts';
import { labelsOf, linesOf } from '../observe/scraped.ts';

const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
const alerts = readFileSync(new URL('../../docs/prometheus-alerts.yml', import.meta.url), 'utf8');

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

// What Prometheus itself puts on every series.
const SCRAPED_LABELS = ['job', 'instance'];

let page = '';
beforeAll(async () => {
  const transport = new KafkaTransport({
    topic: 'app-logs',
    // Nobody listens there: so there is an error, and its time on the page.
    kafka: { brokers: ['127.0.0.1:1'] },
    closeTimeoutMs: 10,
  });
  const register = new Registry();
  prometheus(transport, { register });
  transport.log({ message: 'one' });
  while (transport.stats().lastError === null) await transport.flush(20);
  page = await register.metrics();
  await transport.close();
});

/** The names of metrics in some text. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/winston_kafkajs_\w+/g) ?? [])];
}

/** Checks an expression: its metrics are there, with the labels it selects and groups by, and the values it selects. */
function expectExposed(expr: string): void {
  const names = namesIn(expr);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect([name, linesOf(page, name).length > 0]).toEqual([name, true]);
  for (const [, name = '', selector = ''] of expr.matchAll(/(winston_kafkajs_\w+)\{([^}]*)\}/g)) {
    const series = linesOf(page, name).map(labelsOf);
    for (const [, label = '', operator, value] of selector.matchAll(/(\w+)(=~?)"([^"]*)"/g)) {
      if (SCRAPED_LABELS.includes(label)) continue;
      const fits = series.some((labels) => (operator === '=' ? labels[label] === value : label in labels));
      expect([name, label, fits]).toEqual([name, label, true]);
    }
  }
  const known = new Set(
    names.flatMap((name) => linesOf(page, name).flatMap((line) => Object.keys(labelsOf(line)))),
  );
  for (const [, list = ''] of expr.matchAll(/by \(([^)]*)\)/g)) {
    const unknown = list.split(', ').filter((label) => !known.has(label) && !SCRAPED_LABELS.includes(label));
    expect([expr, unknown]).toEqual([expr, []]);
  }
}

describe('the Grafana dashboard', () => {
  const { panels, templating } = JSON.parse(dashboard) as {
    panels: Panel[];
    templating: { list: { name: string; query: string }[] };
  };

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    'shows what there is: %s',
    (_, { targets }) => {
      expect(targets.length).toBeGreaterThan(0);
      for (const { expr } of targets) expectExposed(expr);
    },
  );

  it('uses variables that it has', () => {
    const variables = new Set(['__rate_interval', ...templating.list.map(({ name }) => name)]);
    const used = [...dashboard.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? '');
    expect(used.filter((name) => !variables.has(name))).toEqual([]);
    for (const { query } of templating.list)
      expect(namesIn(query).every((name) => linesOf(page, name).length > 0)).toBe(true);
  });

  it('leaves no metric out but those that tell the same in another way', () => {
    const exposed = [...page.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name ?? '');
    const shown = namesIn(dashboard).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(exposed.filter((name) => !shown.includes(name))).toEqual([
      'winston_kafkajs_records_spooled_total',
    ]);
  });
});

describe('the alert rules', () => {
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);

  it('are about loss, a queue that is half full, a loop, and a broker that is down', () => {
    expect(rules.map((rule) => /^\w+/.exec(rule)?.[0])).toEqual([
      'LogRecordsLost',
      'LogQueueHalfFull',
      'LogLoop',
      'LogBrokerDown',
    ]);
  });

  it.each(rules)('use what there is: %s', (rule) => {
    const [, expr = ''] = /^ {8}expr: (?:>-\n)?([\s\S]*?)\n {8}\w/m.exec(rule) ?? [];
    expectExposed(expr);
    expect(rule).toMatch(/severity: (warning|critical)\n {8}annotations:\n {10}summary: /);
  });
});

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { labelsOf, linesOf, sampleOf } from './scraped.ts';
import { type LoadedService, runServiceUnderLoad } from './service-under-load.ts';

const docsPage = readFileSync(new URL('../../docs/metrics-and-health.md', import.meta.url), 'utf8');
const shown = (/^```text\n(# TYPE winston_kafkajs_.*?)^```$/ms.exec(docsPage)?.[1] ?? '').trim().split('\n');

// What comes out the same however fast the machine is.
const FIXED =
  /^winston_kafkajs_(records_(accepted|delivered|dropped|suppressed)|buffer_\w+_limit|state\{|\w+_seconds_count)/;

let service: LoadedService;
beforeAll(async () => {
  service = await runServiceUnderLoad();
}, 30_000);

describe('the page of a service under load', () => {
  const at = (page: string, name: string, labels: Record<string, string> = {}): number | undefined =>
    sampleOf(page, `winston_kafkajs_${name}`, { transport: 'kafka', ...labels });

  it.each(['inOutage', 'atEnd'] as const)('accounts for every record: %s', (when) => {
    const page = service[when];
    const dropped = linesOf(page, 'winston_kafkajs_records_dropped_total')
      .map((line) => at(page, 'records_dropped_total', { reason: labelsOf(line).reason ?? '' }) ?? Number.NaN)
      .reduce((sum, count) => sum + count, 0);
    const [delivered = 0, buffered = 0, spooled = 0] = [
      'records_delivered_total',
      'buffer_records',
      'spool_records',
    ].map((name) => at(page, name));
    expect(at(page, 'records_accepted_total')).toBe(delivered + buffered + spooled + dropped);
  });

  it('shows the outage, and that nothing was lost by it', () => {
    expect(at(service.inOutage, 'state', { state: 'down' })).toBe(1);
    expect(at(service.inOutage, 'buffer_records')).toBeGreaterThan(0);
    expect(at(service.atEnd, 'state', { state: 'down' })).toBe(0);
    expect(at(service.atEnd, 'buffer_records')).toBe(0);
    expect(at(service.atEnd, 'records_delivered_total')).toBe(1_000);
    expect(at(service.atEnd, 'retries_total')).toBeGreaterThan(0);
  });

  it('is the one in docs/metrics-and-health.md, but for what depends on the machine', () => {
    const fixed = (line: string): string => (FIXED.test(line) ? line : line.replace(/ [\d.e-]+$/, ' …'));
    const lines = new Set(service.atEnd.split('\n').map(fixed));
    expect(shown.length).toBeGreaterThan(15);
    expect(shown.map(fixed).filter((line) => line !== '' && !lines.has(line))).toEqual([]);
  });
});

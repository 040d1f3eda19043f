import { hasMethods, throwInvalidOption } from '../util/check-option.ts';
import {
  DEFAULT_NAME,
  MEASURED_METRICS,
  METRICS,
  type Metric,
  NAMESPACE,
  type StatsSource,
} from './metrics.ts';

type Attributes = Record<string, string>;

interface InstrumentOptions {
  description: string;
  unit: string;
}

/** What is needed of an OpenTelemetry `Meter`. */
export interface OpenTelemetryMeter {
  createObservableCounter(name: string, options: InstrumentOptions): object;
  createObservableUpDownCounter(name: string, options: InstrumentOptions): object;
  createObservableGauge(name: string, options: InstrumentOptions): object;
  addBatchObservableCallback(callback: BatchCallback, instruments: object[]): void;
  removeBatchObservableCallback(callback: BatchCallback, instruments: object[]): void;
}

type BatchCallback = (result: {
  observe(instrument: object, value: number, attributes?: Attributes): void;
}) => void;

/** Of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /**
   * The value of the attribute `winston_kafkajs.transport`. Several transports with one meter need a name each.
   *
   * @default 'kafka'
   */
  name?: string;
}

const INSTRUMENTS = {
  counter: 'createObservableCounter',
  'up-down-counter': 'createObservableUpDownCounter',
  gauge: 'createObservableGauge',
} as const;

// Which names are in use with a meter: of two transports with the same one the SDK would only show the last.
const namesInUse = new WeakMap<OpenTelemetryMeter, Set<string>>();

/**
 * Has an OpenTelemetry meter observe what a transport does. It is read once per collection, and costs nothing in
 * between. OpenTelemetry has no observable histogram: so latency and handler time are shown as quantiles of all that
 * was ever measured, and as a sum and a count, whose growth tells the average of late.
 *
 * @returns what ends it
 * @throws KafkaTransportError when the meter is none, or the name is taken
 *
 * @example
 * import { metrics } from '@opentelemetry/api';
 * openTelemetry(transport, metrics.getMeter('shop'));
 */
export function openTelemetry(
  transport: StatsSource,
  meter: OpenTelemetryMeter,
  options: OpenTelemetryOptions = {},
): () => void {
  const { name = DEFAULT_NAME } = options;
  if (!hasMethods(meter, 'createObservableCounter', 'addBatchObservableCallback')) {
    throwInvalidOption('meter', "a Meter of OpenTelemetry's", meter);
  }
  if (typeof name !== 'string' || name === '') throwInvalidOption('name', 'a text that is not empty', name);

  const own: Attributes = { [attribute('transport')]: name };
  const create = (kind: Metric['kind'], path: string, description: string, unit: string) =>
    meter[INSTRUMENTS[kind]](`${NAMESPACE}.${path}`, { description, unit });
  const plain = METRICS.map((metric) => ({
    metric,
    instrument: create(metric.kind, metric.name, metric.help, unitOf(metric.unit)),
  }));
  const measured = MEASURED_METRICS.map((metric) => ({
    metric,
    quantiles: create('gauge', metric.name, `${metric.help} Quantiles of all that was measured.`, 's'),
    sum: create('counter', `${metric.name}.sum`, `${metric.help} In all.`, 's'),
    count: create(
      'counter',
      `${metric.name}.count`,
      `${metric.help} How many were measured.`,
      '{measurement}',
    ),
  }));

  // Without an SDK the API has one meter for all, with one counter: it shows nothing, so nobody needs a name there.
  const isReal = plain[0]?.instrument !== plain[1]?.instrument;
  const names = namesInUse.get(meter) ?? new Set();
  if (names.has(name)) throwInvalidOption('name', 'one that no other transport with this meter has', name);
  if (isReal) namesInUse.set(meter, names.add(name));

  const observe: BatchCallback = (result) => {
    const stats = transport.stats();
    for (const { metric, instrument } of plain) {
      const read = metric.read(stats);
      if (typeof read === 'number') result.observe(instrument, read, own);
      else if (read !== undefined) {
        const label = attribute(metric.label ?? '');
        for (const [word, value] of Object.entries(read)) {
          result.observe(instrument, value, { ...own, [label]: word });
        }
      }
    }
    for (const { metric, quantiles, sum, count } of measured) {
      const { p50, p99, max } = metric.percentiles(stats);
      for (const [quantile, value] of Object.entries({ '0.5': p50, '0.99': p99, '1': max })) {
        result.observe(quantiles, value / metric.perSecond, { ...own, [attribute('quantile')]: quantile });
      }
      const counts = metric.counts(stats);
      result.observe(sum, counts.sum / metric.perSecond, own);
      result.observe(count, counts.count, own);
    }
  };
  const instruments = [
    ...plain.map(({ instrument }) => instrument),
    ...measured.flatMap(({ quantiles, sum, count }) => [quantiles, sum, count]),
  ];
  meter.addBatchObservableCallback(observe, instruments);
  let isEnded = false;
  return () => {
    if (isEnded) return;
    isEnded = true;
    meter.removeBatchObservableCallback(observe, instruments);
    names.delete(name);
  };
}

/** OpenTelemetry's attributes are in a namespace, as its metrics are. */
function attribute(label: string): string {
  return `${NAMESPACE}.${label}`;
}

/** By OpenTelemetry's conventions: UCUM, and what is counted in braces. */
function unitOf(unit: string): string {
  if (unit === 'second') return 's';
  return unit === 'byte' ? 'By' : `{${unit}}`;
}

import { hasMethods, throwInvalidOption } from '../util/check-option.ts';
import {
  DEFAULT_NAME,
  MEASURED_METRICS,
  METRICS,
  type MeasuredMetric,
  type Metric,
  NAMESPACE,
  type StatsSource,
} from './metrics.ts';
import type { TransportStats } from './stats.ts';

/** What is needed of prom-client's `Registry`. */
export interface PrometheusRegister {
  getSingleMetric(name: string): unknown;
  registerMetric(metric: { get(): Promise<unknown>; reset(): void }): void;
  removeSingleMetric(name: string): void;
}

/** Of {@link prometheus}. */
export interface PrometheusOptions {
  /** prom-client's `register`, or a `Registry` of your own. */
  register: PrometheusRegister;
  /**
   * The value of the label `transport`. Several transports in one register need a name each.
   *
   * @default 'kafka'
   */
  name?: string;
}

/** A value as prom-client's registry writes it. */
interface PrometheusValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/**
 * Has a register of prom-client show what a transport does. The metrics are read when they are asked for, and cost
 * nothing in between. `resetMetrics()` leaves them as they are: they are the transport's.
 *
 * @returns what takes them out again
 * @throws KafkaTransportError when the register is none, or the name is taken; prom-client's own error when the register
 *   has another's metric of the same name
 *
 * @example
 * import { register } from 'prom-client';
 * prometheus(transport, { register });
 */
export function prometheus(transport: StatsSource, options: PrometheusOptions): () => void {
  const { register, name = DEFAULT_NAME } = options;
  if (!hasMethods(register, 'getSingleMetric', 'registerMetric', 'removeSingleMetric')) {
    throwInvalidOption('register', "a register of prom-client's", register);
  }
  if (typeof name !== 'string' || name === '') throwInvalidOption('name', 'a text that is not empty', name);
  const page = pageOf(register);
  if (page.transports.has(name))
    throwInvalidOption('name', 'one that no other transport in this register has', name);
  page.transports.set(name, transport);
  return () => {
    if (page.transports.get(name) !== transport) return;
    page.transports.delete(name);
    if (page.transports.size === 0) page.takeOut(register);
  };
}

// On each of our metrics, so that several transports, of several copies of the package, find the page that is there.
// The number is the layout's version: change it with `Page`.
const PAGE = Symbol.for('winston-kafkajs.prometheus.1');

function pageOf(register: PrometheusRegister): Page {
  const existing = METRICS.map((metric) => register.getSingleMetric(prometheusName(metric)));
  const ours = existing.find((metric): metric is PrometheusMetric => Object.hasOwn(metric ?? {}, PAGE));
  return ours === undefined ? new Page(register) : ours[PAGE];
}

/** All our metrics in one register. */
class Page {
  readonly transports = new Map<string, StatsSource>();
  readonly #metrics: readonly PrometheusMetric[];
  #snapshot: ReadonlyMap<string, TransportStats> | undefined;

  constructor(register: PrometheusRegister) {
    this.#metrics = [...METRICS, ...MEASURED_METRICS].map((metric) => new PrometheusMetric(this, metric));
    try {
      for (const metric of this.#metrics) register.registerMetric(metric);
    } catch (error) {
      // Half a page would be taken for a whole one.
      this.takeOut(register);
      throw error;
    }
  }

  /** A register asks all its metrics in one turn: they show one and the same moment, so the sums are right. */
  get snapshot(): ReadonlyMap<string, TransportStats> {
    if (this.#snapshot === undefined) {
      this.#snapshot = new Map([...this.transports].map(([name, transport]) => [name, transport.stats()]));
      // Not by `queueMicrotask`, which tests fake.
      void Promise.resolve().then(() => {
        this.#snapshot = undefined;
      });
    }
    return this.#snapshot;
  }

  takeOut(register: PrometheusRegister): void {
    for (const metric of this.#metrics) {
      // After a `register.clear()` there may be another's of the same name.
      if (register.getSingleMetric(metric.key) === metric) register.removeSingleMetric(metric.key);
    }
  }
}

/** A metric as prom-client's registry takes it: its `get` is asked at each scrape. */
class PrometheusMetric {
  readonly [PAGE]: Page;
  /** Its name in the register. */
  readonly key: string;
  /** Its name on the page: a register that writes OpenMetrics takes the `_total` off, and puts it on again. */
  name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** How prom-client's cluster adds up its workers'. */
  readonly aggregator: 'sum' | 'max';
  readonly #metric: Metric | MeasuredMetric;

  constructor(page: Page, metric: Metric | MeasuredMetric) {
    this[PAGE] = page;
    this.#metric = metric;
    this.key = prometheusName(metric);
    this.name = this.key;
    this.help = metric.help;
    if (isMeasured(metric)) this.type = 'histogram';
    else this.type = metric.kind === 'counter' ? 'counter' : 'gauge';
    this.aggregator = isMeasured(metric) || metric.kind !== 'gauge' ? 'sum' : 'max';
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const metric = this.#metric;
    const values = [...this[PAGE].snapshot].flatMap(([transport, stats]) =>
      isMeasured(metric) ? bucketsOf(metric, stats, name, transport) : valuesOf(metric, stats, transport),
    );
    return { name, help, type, aggregator, values };
  }

  reset(): void {
    // What it shows is the transport's.
  }
}

function valuesOf(metric: Metric, stats: TransportStats, transport: string): PrometheusValue[] {
  const read = metric.read(stats);
  if (read === undefined) return [];
  if (typeof read === 'number') return [{ value: read, labels: { transport } }];
  const { label = '' } = metric;
  return Object.entries(read).map(([word, value]) => ({ value, labels: { transport, [label]: word } }));
}

function bucketsOf(
  metric: MeasuredMetric,
  stats: TransportStats,
  name: string,
  transport: string,
): PrometheusValue[] {
  const { count, sum, buckets } = metric.counts(stats);
  const upTo = (le: number | string, value: number): PrometheusValue => ({
    metricName: `${name}_bucket`,
    value,
    labels: { le, transport },
  });
  return [
    ...buckets.map((bucket) => upTo(bucket.upTo / metric.perSecond, bucket.count)),
    upTo('+Inf', count),
    { metricName: `${name}_sum`, value: sum / metric.perSecond, labels: { transport } },
    { metricName: `${name}_count`, value: count, labels: { transport } },
  ];
}

function isMeasured(metric: Metric | MeasuredMetric): metric is MeasuredMetric {
  return 'perSecond' in metric;
}

/** By Prometheus's conventions: base units in the plural, and `total` for what only grows. */
function prometheusName(metric: Metric | MeasuredMetric): string {
  const words = [NAMESPACE, metric.name.replaceAll('.', '_')];
  if (isMeasured(metric) || metric.unit === 'second') words.push('seconds');
  else if (metric.unit === 'byte') words.push('bytes');
  if (!isMeasured(metric) && metric.kind === 'counter') words.push('total');
  return words.join('_');
}

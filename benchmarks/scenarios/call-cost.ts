import type { KafkaTransportOptions } from 'winston-kafkajs';
import type TransportStream from 'winston-transport';
import { loggerTo, logMany, nextTurn } from '../measure/load.ts';
import { DoesNothing, KeepsText } from '../measure/peers.ts';
import { FLOOR, IN_VAIN, MODE_NAMES, openOurs } from '../measure/targets.ts';
import { threadMicros } from '../measure/thread-time.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const ARRAY = 'keeps the text in an array';

// Together fewer than what the buffer holds by default: nothing is shed.
const WARM_UP = 20_000;
const BURST = 5_000;
const BURSTS = 12;

const NO_BROKER = { brokers: ['127.0.0.1:1'], topic: 'call-cost' };

const FILTERS: Readonly<Record<string, () => Promise<Partial<KafkaTransportOptions>>>> = {
  'filtered by level': async () => ({ level: 'error' }),
  'function filter': async () => ({ filter: ({ level }) => level === 'info' }),
  'string filter': async () => ({ filter: 'benchmarks' }),
  'table filter': async () => ({ filter: { '': 'warn', benchmarks: 'debug', kafkajs: false } }),
  'combined filter': async () => {
    const { not, fromFunction } = await import('winston-kafkajs');
    return { filter: not(fromFunction('kafkaSink')) };
  },
};

const up = (mode: string): string => `${mode}, broker up`;
const down = (mode: string): string => `${mode}, broker down`;

export const callCost: Scenario = {
  name: 'call-cost',
  title: 'What a log call costs',
  about: `\`logger.info\` with three fields, \`timestamp\` and \`json\`, 260 bytes: ${BURSTS} bursts of ${BURST.toLocaleString('en')}, of which only the calls are timed; what the transport does between them is in "Delivered". The filters are asked with the broker down.`,
  rounds: 7,
  variants: [FLOOR, ARRAY, ...MODE_NAMES.flatMap((mode) => [up(mode), down(mode)]), ...Object.keys(FILTERS)],
  figures: { micros: { title: 'main thread per call, µs', digits: 2 } },
  limits: [
    ...MODE_NAMES.flatMap((mode) =>
      [up(mode), down(mode)].map((of) => ({
        title: `\`logger.info\` (${of}), over a transport that ${ARRAY}`,
        figure: 'micros',
        of,
        over: [ARRAY],
        atMost: 1.1,
        unit: '×',
      })),
    ),
    ...['string filter', 'table filter'].map((of) => ({
      title: `the same with a ${of}`,
      figure: 'micros',
      of,
      over: [ARRAY],
      atMost: 2.5,
      unit: '×',
    })),
  ],
  async measure(variant: string, place: Place): Promise<Figures> {
    const { transport, settled } = await open(variant, place);
    const logger = loggerTo(transport);
    logMany(logger, WARM_UP);
    await settled();
    let micros = 0;
    for (let burst = 0; burst < BURSTS; burst++) {
      const before = threadMicros();
      logMany(logger, BURST);
      micros += threadMicros() - before;
      await settled();
    }
    return { micros: micros / (BURSTS * BURST) };
  },
};

interface Opened {
  readonly transport: TransportStream;
  /** Resolves when the transport has done its work, or as much of it as it can. */
  settled(): Promise<unknown>;
}

async function open(variant: string, place: Place): Promise<Opened> {
  if (variant === FLOOR) return { transport: new DoesNothing(), settled: nextTurn };
  if (variant === ARRAY) return { transport: new KeepsText(), settled: nextTurn };
  for (const mode of MODE_NAMES) {
    if (variant === up(mode)) {
      const transport = await openOurs(mode, place);
      return { transport, settled: () => transport.flush() };
    }
    if (variant === down(mode))
      return { transport: await openOurs(mode, NO_BROKER, IN_VAIN), settled: nextTurn };
  }
  const [mode = ''] = MODE_NAMES;
  const options = await FILTERS[variant]?.();
  return { transport: await openOurs(mode, NO_BROKER, { ...IN_VAIN, ...options }), settled: nextTurn };
}

// A process of its own, in a Node that @platformatic/kafka runs on: it carries out jobs one after the other, each with a transport of
// its own, and prints a report of each.
import { setTimeout as delay } from 'node:timers/promises';
import winston from 'winston';
import {
  type FlushReport,
  KafkaTransport,
  type KafkaTransportError,
  type KafkaTransportOptions,
  type TransportStats,
} from '../../../lib/index.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import { headersOf, keyOf, textOf } from './mixed-record.ts';

export interface Job {
  /** The record with the number n goes to the one at the place n modulo their count. */
  readonly topics: readonly string[];
  /** The numbers that are logged: from the first one up to the second, without that. */
  readonly numbers: readonly [from: number, to: number];
  readonly content: keyof typeof CONTENTS;
  /** Options that JSON can hold. */
  readonly options: Omit<Partial<KafkaTransportOptions>, 'topic'>;
  /** How many are logged in a second. By default all at once. */
  readonly rate?: number;
  /** Closes the transport after its first warning, instead of a flush. */
  readonly isClosedWhenWarned?: boolean;
}

export interface JobReport {
  readonly flush: FlushReport;
  readonly stats: TransportStats;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Whatever could be seen of the warnings. */
  readonly shown: string;
  /** The numbers that the fallback got, and why. */
  readonly handedOn: readonly (readonly [number: number, reason: string])[];
  /** By number. */
  readonly times: Readonly<Record<number, number>>;
}

interface Content {
  text(number: number): string;
  key?(number: number): string | Buffer | null;
  headers?(number: number): Record<string, string | Buffer | undefined>;
}

const CONTENTS = {
  mixed: { text: textOf, key: keyOf, headers: headersOf },
  plain: { text: (number) => `${number} plain` },
  'one in ten without key': {
    text: (number) => `${number} keyed`,
    key: (number) => (number % 10 === 0 ? null : `key ${number % 7}`),
  },
  'one in fifty too large': {
    text: (number) => (number % 50 === 7 ? `${number} ${'x'.repeat(30_000)}` : `${number} small`),
  },
} satisfies Record<string, Content>;

const TICK_MS = 10;
const FLUSH_LIMIT_MS = 60_000;

async function carryOut({ topics, numbers, content, options, rate, ...job }: Job): Promise<JobReport> {
  const { text, key, headers }: Content = CONTENTS[content];
  const times: Record<number, number> = {};
  const handedOn: [number, string][] = [];
  const warnings: KafkaTransportError[] = [];
  const transport = new KafkaTransport({
    clientLog: { level: 'nothing' },
    retry: { initialMs: 50, maxMs: 500 },
    dropNotice: false,
    loopDetection: false,
    ...options,
    topic: ({ message }) => topics[Number.parseInt(message, 10) % topics.length] ?? '',
    client: platformaticClient(),
    fallback: ({ message, reason }) => void handedOn.push([Number.parseInt(message, 10), reason]),
    headers: ({ message, time }) => {
      const number = Number.parseInt(message, 10);
      times[number] = time;
      return headers?.(number) ?? {};
    },
    ...(key !== undefined && { key: ({ message }) => key(Number.parseInt(message, 10)) }),
  });
  const warned = new Promise((resolve) => transport.once('warn', resolve));
  transport.on('warn', (warning: KafkaTransportError) => void warnings.push(warning));
  const format = winston.format.printf(({ message }) => String(message));
  const logger = winston.createLogger({ format, transports: [transport] });
  const [from, to] = numbers;
  const perTick = rate === undefined ? Number.POSITIVE_INFINITY : Math.max(1, (rate * TICK_MS) / 1_000);
  for (let number = from; number < to; ) {
    for (const end = Math.min(to, number + perTick); number < end; number++) logger.info(text(number));
    if (number < to) await delay(TICK_MS);
  }
  if (job.isClosedWhenWarned === true) {
    // Nothing else keeps the process alive: it would end, and with it the transport after its `closeTimeoutMs`.
    const alive = setInterval(() => undefined, 60_000);
    await warned;
    clearInterval(alive);
  }
  const flush =
    job.isClosedWhenWarned === true ? await transport.close() : await transport.flush(FLUSH_LIMIT_MS);
  await transport.close();
  const stats = transport.stats();
  const shown = [...warnings.map(({ stack }) => stack), JSON.stringify([warnings, stats])].join('\n');
  const told = warnings.map(({ code, message }) => ({ code, message }));
  return { flush, stats, warnings: told, shown, handedOn, times };
}

const reports: JobReport[] = [];
for (const job of JSON.parse(process.env.JOBS ?? '') as Job[]) reports.push(await carryOut(job));
process.stdout.write(JSON.stringify(reports));

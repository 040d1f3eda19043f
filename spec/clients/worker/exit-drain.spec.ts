// What happens in the `exit` event, in this process: the broker is in another one, because this thread stands still.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions, type Undelivered } from '../../../lib/index.ts';
import { turn } from '../../scenarios/faults/rig.ts';
import { expectLaw, loggerWith, numbered, tracked } from '../../support/harness.ts';

const MAIN = fileURLToPath(new URL('../../../testing/broker/main.ts', import.meta.url));
const TOPICS = ['idle:1', 'busy:1', 'small:1', 'one:1', 'other:1'].flatMap((topic) => ['--topic', topic]);

const broker = spawn(process.execPath, ['--import', 'tsx', MAIN, ...TOPICS, '--max-message-bytes', '5000']);
const lines = createInterface({ input: broker.stdout })[Symbol.asyncIterator]();
const nextLine = async (): Promise<string> => String((await lines.next()).value);
let brokers: string[];

beforeAll(async () => {
  ({ brokers } = JSON.parse(await nextLine()));
});

afterAll(async () => {
  const exited = once(broker, 'exit');
  broker.stdin.end();
  // Each once.
  expect(JSON.parse(await nextLine())).toEqual({
    stored: { idle: 3, busy: 2_000, small: 2, one: 1_000, other: 1_000 },
  });
  await exited;
});

function transportTo(options: Partial<KafkaTransportOptions>) {
  const undelivered: Undelivered[] = [];
  const fallback = (record: Undelivered): void => void undelivered.push(record);
  const transport = tracked(
    new KafkaTransport({
      topic: 'idle',
      kafka: { brokers },
      worker: true,
      fallback,
      dropNotice: false,
      ...options,
    }),
  );
  return { transport, logger: loggerWith(transport), undelivered };
}

/** As Node calls it; vitest has listeners of its own, which came before. */
const exitEvent = (): void => (process.listeners('exit').at(-1) as () => void)();

it('starts a worker where there is none yet, and has delivered when it is over', () => {
  const { transport, logger } = transportTo({});
  for (const message of numbered(3)) logger.info(message);
  exitEvent();
  expect(transport.stats()).toMatchObject({ accepted: 3, delivered: 3, inFlight: 0 });
  expectLaw(transport);
});

it('books the answers of sends that are under way, and delivers what waits behind them', async () => {
  const { transport, logger } = transportTo({ topic: 'busy', batch: { maxRecords: 20, lingerMs: 1 } });
  for (const message of numbered(1_000)) logger.info(message);
  while (transport.stats().delivered === 0) await turn();
  for (const message of numbered(1_000, 'later')) logger.info(message);
  expect(transport.stats().inFlight).toBeGreaterThan(0);
  exitEvent();
  expect(transport.stats()).toMatchObject({ accepted: 2_000, delivered: 2_000, inFlight: 0 });
  // What those sends would have gone on to do finds it done.
  await transport.close();
  expect(transport.stats()).toMatchObject({ delivered: 2_000 });
});

it('books the answers for one transport that come while another one of its thread waits for its own', async () => {
  const both = ['one', 'other'].map((topic) =>
    transportTo({ topic, batch: { maxRecords: 20, lingerMs: 1 } }),
  );
  for (const { logger } of both) for (const message of numbered(1_000)) logger.info(message);
  while (both.some(({ transport }) => transport.stats().delivered === 0)) await turn();
  for (const { transport } of both) expect(transport.stats().inFlight).toBeGreaterThan(0);
  exitEvent();
  for (const { transport } of both) {
    expect(transport.stats()).toMatchObject({ accepted: 1_000, delivered: 1_000, inFlight: 0 });
    expectLaw(transport);
  }
});

it('hands on what the broker refuses, with its reason', () => {
  const { transport, logger, undelivered } = transportTo({ topic: 'small' });
  for (const message of ['fits', 'x'.repeat(6_000), 'fits, too']) logger.info(message);
  exitEvent();
  expect(transport.stats()).toMatchObject({ delivered: 2, dropped: { oversize: 1, closed: 0 } });
  expect(undelivered).toMatchObject([{ reason: 'oversize', cause: { type: 'MESSAGE_TOO_LARGE' } }]);
});

it('gives up after closeTimeoutMs, and knows why', () => {
  const options = { kafka: { brokers: ['127.0.0.1:1'] }, closeTimeoutMs: 2_000 };
  const { transport, logger, undelivered } = transportTo(options);
  for (const message of numbered(3)) logger.info(message);
  const startedAt = performance.now();
  exitEvent();
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_999);
  expect(undelivered.map(({ reason, message }) => `${reason}: ${message}`)).toEqual(
    numbered(3, 'closed: record'),
  );
  expect(transport.stats().lastError?.message).toMatch('ECONNREFUSED');
  expectLaw(transport);
});

it('gives up at once where the thread cannot even begin, and knows why', () => {
  const kafkaModule = new URL('../../scenarios/faults/fixtures/kafka-that-throws.mjs', import.meta.url);
  const { transport, logger, undelivered } = transportTo({ kafka: undefined, kafkaModule } as never);
  for (const message of numbered(3)) logger.info(message);
  exitEvent();
  expect(undelivered.map(({ reason }) => reason)).toEqual(['closed', 'closed', 'closed']);
  expect(transport.stats().lastError?.message).toMatch('kafkaModule');
  expectLaw(transport);
});

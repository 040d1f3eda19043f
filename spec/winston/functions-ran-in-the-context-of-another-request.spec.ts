// A request's id is often read from an AsyncLocalStorage. While a sibling pushed back, the transport's functions ran in the context of
// whatever had made it ready again: the record of one request went to Kafka with the id of another.
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import winston from 'winston';
import { guardSync } from '../../lib/loop-safety/guard.ts';
import { loggerWith, plain, Slow, startCluster, TOPIC, transportTo } from '../support/harness.ts';

const request = new AsyncLocalStorage<number>();
const current = (): string => String(request.getStore());

const NUMBERS = Array.from({ length: 60 }, (_, number) => String(number));

/** Logs once in each of 60 requests. */
function logInEach(logger: winston.Logger): void {
  for (const number of NUMBERS) request.run(Number(number), () => logger.info(number));
}

it.each([
  ['alone', []],
  ['beside a slow sibling', [new Slow()]],
])('key, headers, topic, filter and serialize run in that of the log call: %s', async (_, siblings) => {
  const cluster = await startCluster();
  const asked: string[] = [];
  const transport = transportTo(cluster, {
    topic: () => {
      asked.push(current());
      return TOPIC;
    },
    filter: ({ message }) => message === current(),
    key: current,
    headers: () => ({ request: current() }),
    serialize: ({ message }) => `${message} in ${current()}`,
  });
  logInEach(loggerWith(transport, ...siblings));
  await transport.flush();
  const records = cluster
    .records(TOPIC)
    .map(({ key, headers, value }) => [String(key), String(headers.request), String(value)]);
  expect(records).toEqual(NUMBERS.map((number) => [number, number, `${number} in ${number}`]));
  expect(asked).toEqual(NUMBERS);
});

it('the format of the transport does, and a log() that somebody has wrapped', async () => {
  const cluster = await startCluster();
  const write = winston.format.printf(({ message }) => `${message} in ${current()}`);
  const transport = transportTo(cluster, { format: write });
  const { log } = transport;
  const asked: string[] = [];
  transport.log = (...args) => {
    asked.push(current());
    return Reflect.apply(log, transport, args);
  };
  logInEach(loggerWith(transport, new Slow()));
  await transport.flush();
  expect(cluster.values(TOPIC)).toEqual(NUMBERS.map((number) => `${number} in ${number}`));
  expect(asked).toEqual(NUMBERS);
});

it('what is logged inside the shipping of others stays out, held back or not', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { key: current });
  const logger = loggerWith(transport, new Slow());
  for (const number of NUMBERS) {
    logger.info(number);
    guardSync(() => logger.info(`guarded ${number}`));
  }
  await transport.flush();
  expect(cluster.values(TOPIC)).toEqual(NUMBERS);
  expect(transport.stats().suppressed.reentrant).toBe(60);
});

it('a transport that calls no function has no context kept for it', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const slow = new Slow();
  logInEach(winston.createLogger({ format: plain(), transports: [transport, slow] }));
  await transport.flush();
  expect(slow.infos.flatMap((info) => Object.getOwnPropertySymbols(info).map(String)).join()).not.toMatch(
    'mark',
  );
});

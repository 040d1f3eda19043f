// What can happen to the thread itself. All else about `worker: true` is in the second run of the other specs.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectAtLeastOnce, expectExactlyOnce, expectFlushed, turn, warningsOf } from './rig.ts';

const worker = true;

/** The workers that are started from here on. */
function watchWorkers(): Worker[] {
  const workers: Worker[] = [];
  const note = (started: Worker): void => void workers.push(started);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  return workers;
}

let marks = 0;

/** A module that misbehaves once. */
function failingModule(cluster: BrokerCluster, by: string): { kafkaModule: URL; worker: true } {
  const mark = join(tmpdir(), `winston-kafkajs-mark-${process.pid}-${++marks}`);
  onTestFinished(() => rmSync(mark, { force: true }));
  const kafkaModule = new URL('./fixtures/kafka-that-fails.mjs', import.meta.url);
  kafkaModule.search = String(new URLSearchParams({ by, once: mark, broker: cluster.addresses[0] ?? '' }));
  return { kafkaModule, worker };
}

describe('a worker that ends', () => {
  it.each(['throwing', 'leaving'])(
    'by %s is replaced, and what it had not acknowledged goes again',
    async (by) => {
      const cluster = await startCluster();
      const workers = watchWorkers();
      const transport = transportTo(cluster, {
        ...failingModule(cluster, by),
        batch: { maxRecords: 5, lingerMs: 1 },
      });
      const warnings = warningsOf(transport);
      const logger = loggerWith(transport);
      for (const message of numbered(200)) logger.info(message);
      await expectFlushed(transport, 200);
      expectAtLeastOnce(cluster, 200);
      expect(workers).toHaveLength(2);
      expect(warnings).toHaveLength(1);
      const reason = by === 'throwing' ? 'a bug in the module' : 'exit code 3';
      expect(warnings[0]).toMatchObject({ code: 'ERR_KAFKA_UNREACHABLE' });
      expect(warnings[0]?.message).toContain(`the worker thread of the Kafka client has ended: ${reason}.`);
      expect(warnings[0]?.message).toContain('Another one takes its place.');
    },
  );

  it('by terminate(), again and again under traffic: nothing is lost, and the order holds', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const workers = watchWorkers();
    const transport = transportTo(cluster, { worker, batch: { maxRecords: 20, lingerMs: 1 } });
    const logger = loggerWith(transport);
    let logged = 0;
    for (let round = 1; round <= 4; round++) {
      const before = transport.stats().delivered;
      for (let count = 0; count < 400; count++) logger.info(`record ${logged++}`);
      while (transport.stats().delivered < before + 100) await turn();
      await workers.at(-1)?.terminate();
    }
    await expectFlushed(transport, logged);
    expectAtLeastOnce(cluster, logged);
    expect(workers).toHaveLength(5);
  });

  it('while there is nothing to do is replaced when there is', async () => {
    const cluster = await startCluster();
    const workers = watchWorkers();
    const transport = transportTo(cluster, { worker, idleTimeoutMs: 60_000 });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    await workers[0]?.terminate();
    logger.info('record 1');
    await expectFlushed(transport, 2);
    expectExactlyOnce(cluster, 2);
  });
});

it('a worker that hangs is given up after requestTimeoutMs, and replaced', async () => {
  const cluster = await startCluster();
  const workers = watchWorkers();
  const transport = transportTo(cluster, {
    ...failingModule(cluster, 'hanging'),
    batch: { maxRecords: 5, lingerMs: 1 },
    requestTimeoutMs: 2_000,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (const message of numbered(50)) logger.info(message);
  await expectFlushed(transport, 50);
  expectAtLeastOnce(cluster, 50);
  expect(workers).toHaveLength(2);
  expect(warnings).toMatchObject([{ message: expect.stringContaining('did not end within 2000 ms') }]);
});

it('one worker serves all clients of a transport, and ends with it', async () => {
  const cluster = await startCluster();
  const workers = watchWorkers();
  const transport = transportTo(cluster, { worker, idleTimeoutMs: 10 });
  const logger = loggerWith(transport);
  for (let count = 1; count <= 3; count++) {
    logger.info(`record ${count}`);
    await expectFlushed(transport, count);
    while (transport.stats().state !== 'idle') await turn();
  }
  expect(workers).toHaveLength(1);
  expect(cluster.connectionsEver).toBeGreaterThanOrEqual(3);
  const ended = once(workers[0] as Worker, 'exit');
  await transport.close();
  await ended;
  // Added to a logger again, it has another one.
  logger.remove(transport).add(transport);
  logger.info('record 4');
  await expectFlushed(transport, 4);
  expect(workers).toHaveLength(2);
});

describe('a kafkaModule', () => {
  it('that cannot be used is one clear warning, and no crash', async () => {
    const cluster = await startCluster();
    const kafkaModule = new URL('./fixtures/not-there.mjs', import.meta.url);
    const transport = transportTo(cluster, {
      kafkaModule,
      worker,
      closeTimeoutMs: 50,
    });
    const warnings = warningsOf(transport);
    loggerWith(transport).info('a record');
    while (warnings.length === 0) await transport.flush(20);
    await transport.flush(100);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /kafkaModule file:.*not-there\.mjs cannot be loaded: .*Correct it, and start again/,
    );
  });
});

it('what is printed in the worker is printed here under the flag: captured and logged, it is no loop', async () => {
  const cluster = await startCluster();
  const kafkaModule = new URL('./fixtures/kafka-that-prints.mjs', import.meta.url);
  kafkaModule.search = `broker=${cluster.addresses[0]}`;
  const transport = transportTo(cluster, { kafkaModule, worker, clientLog: { level: 'debug' } });
  const logger = loggerWith(transport);
  const printed: string[] = [];
  const capture = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text));
    logger.info(`printed: ${text}`);
    return true;
  });
  onTestFinished(() => capture.mockRestore());
  logger.info('record 0');
  await expectFlushed(transport, 1);
  await transport.close();
  expect(printed.some((text) => text.startsWith('the client says: '))).toBe(true);
  expect(cluster.values(TOPIC)).toEqual(['record 0']);
  expect(transport.stats().suppressed.reentrant).toBe(printed.length);
});

it('a certificate as a Buffer, and a password behind a getter, reach the worker as they are when it connects', async () => {
  const passwords: string[] = [];
  const cluster = await startCluster({
    tls: SPEC_TLS,
    sasl: (attempt) => {
      const password = attempt.mechanism === 'PLAIN' ? attempt.password : '';
      passwords.push(password);
      return password === 'second';
    },
  });
  const asked: string[] = ['at construction', 'first', 'second'];
  const sasl = {
    mechanism: 'plain' as const,
    username: 'shop',
    get password() {
      return asked.length > 1 ? String(asked.shift()) : String(asked[0]);
    },
  };
  const ssl = {
    ca: [Buffer.from(SPEC_TLS.cert)],
    key: Buffer.from(SPEC_TLS.key),
    cert: Buffer.from(SPEC_TLS.cert),
  };
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses, ssl, sasl }, worker });
  loggerWith(transport).info('record 0');
  await expectFlushed(transport, 1);
  expect(passwords.slice(-2)).toEqual(['first', 'second']);
});

it("the client's lines come to the caller's logger, under the flag", async () => {
  const cluster = await startCluster();
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    logger.info(`the client says ${line}`);
  };
  const clientLog = { level: 'debug' as const, logger: { error: note, warn: note, info: note, debug: note } };
  const transport = transportTo(cluster, { worker, clientLog });
  const logger = loggerWith(transport);
  logger.info('record 0');
  await expectFlushed(transport, 1);
  await transport.close();
  expect(lines.some((line) => line.startsWith('[kafkajs/Connection]'))).toBe(true);
  expect(cluster.values(TOPIC)).toEqual(['record 0']);
  expect(transport.stats().suppressed.reentrant).toBe(lines.length);
});

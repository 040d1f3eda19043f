import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

/** The delays of all that is armed from now on through the global `setTimeout`. */
function armedFromNowOn(): number[] {
  const original = globalThis.setTimeout;
  const delays: number[] = [];
  const watched = Object.assign((fn: () => void, ms?: number, ...rest: []) => {
    delays.push(Number(ms ?? 0));
    return original(fn, ms, ...rest);
  }, original);
  globalThis.setTimeout = watched as typeof globalThis.setTimeout;
  onTestFinished(() => {
    globalThis.setTimeout = original;
  });
  return delays;
}

describe("kafkajs's request queue", () => {
  it('arms no timer with a negative delay, of which Node 24 warns, and does not poll', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { worker: false });
    const logger = loggerWith(transport);
    const delays = armedFromNowOn();
    for (const message of numbered(3)) {
      logger.info(message);
      await transport.flush(Infinity);
    }
    // With an open connection. Each poll would have armed the next.
    for (let turn = 0; turn < 20; turn++) await promisify(setImmediate)();
    expect(cluster.connections).toBeGreaterThan(0);
    expect(delays.filter((ms) => ms <= 0)).toEqual([]);
    expect(delays.length).toBeGreaterThan(0);
    expect(cluster.values(TOPIC)).toEqual(numbered(3));
  });

  it("still lets go what a broker's quota has held back", async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', times: 1, action: { throttle: 30 } });
    const transport = transportTo(cluster, { worker: false });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await transport.flush(Infinity);
    logger.info('record 1');
    expect(await transport.flush(Infinity)).toEqual({ delivered: 2, dropped: 0, pending: 0 });
    expect(transport.stats()).toMatchObject({ retries: 0, reconnects: 0 });
    expect(cluster.values(TOPIC)).toEqual(numbered(2));
  });
});

describe('the global setTimeout', () => {
  it('is the same for everybody else, also for who is called while kafkajs takes an answer in', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'setTimeout');
    const cluster = await startCluster();
    const fired: string[] = [];
    const seen: unknown[] = [];
    const note = (message: string): void => {
      seen.push(Reflect.get(setTimeout, promisify.custom));
      setTimeout(() => fired.push(message), -5).unref();
    };
    const logger = { debug: note, info: note, warn: note, error: note };
    const transport = transportTo(cluster, { worker: false, clientLog: { level: 'debug', logger } });
    loggerWith(transport).info('record');
    await transport.flush(Infinity);
    const lines = fired.length;
    await transport.close();
    while (fired.length < seen.length) await promisify(setImmediate)();
    expect(lines).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([Reflect.get(setTimeout, promisify.custom)]));
    expect(Object.getOwnPropertyDescriptor(globalThis, 'setTimeout')).toEqual(before);
  });
});

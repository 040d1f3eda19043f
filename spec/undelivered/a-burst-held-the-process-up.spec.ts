// winston's File has a listener wait for each record that comes while its stream is full, and each of these looks through all of
// them when it is called: 50,000 undelivered records held the process up for half a minute, and few were in the file at its end.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { FallbackWrites } from '../../lib/undelivered/fallback-writes.ts';
import { deferred, HeldClock } from '../sender/rig.ts';
import { expectLaw, loggerWith, numbered, startCluster, transportTo } from '../support/harness.ts';

const COUNT = 5_000;

it("a burst for winston's File waits for it, and no listener waits for each record", async () => {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-burst-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const filename = join(directory, 'undelivered.log');
  const fallback = new winston.transports.File({ filename });
  const { _stream: stream } = fallback as unknown as { _stream: NodeJS.EventEmitter };
  let most = 0;
  const log = fallback.log?.bind(fallback);
  fallback.log = (...args) => {
    most = Math.max(most, stream.listenerCount('drain'));
    return log?.(...args);
  };
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, { fallback, closeTimeoutMs: 0 });
  const logger = loggerWith(transport);
  for (const message of numbered(COUNT)) logger.info(message);
  await transport.close();
  expectLaw(transport);
  expect(readFileSync(filename, 'utf8').split('\n').slice(0, -1)).toEqual(numbered(COUNT));
  // Those of the pipe to the file are among them.
  expect(most).toBeLessThan(5);
});

describe('a transport as fallback', () => {
  const transport = new TransportStream({ log: () => undefined });

  /** What it was given, and how each was asked to call back. */
  function rig(isWritten: () => boolean) {
    const clock = new HeldClock();
    const writes = new FallbackWrites(transport, clock, isWritten);
    const got: number[] = [];
    const done: (() => void)[] = [];
    const give = (number: number): void =>
      writes.inTurn((callback) => {
        got.push(number);
        done.push(callback);
      });
    return { clock, writes, got, done, give };
  }

  it('gets the next record when it has called back', () => {
    const { writes, got, done, give } = rig(() => false);
    for (const number of [1, 2, 3]) give(number);
    expect(got).toEqual([1]);
    done[0]?.();
    // Called twice, and late.
    done[0]?.();
    expect(got).toEqual([1, 2]);
    done[1]?.();
    done[2]?.();
    give(4);
    expect(got).toEqual([1, 2, 3, 4]);
    expect(writes.isDone).toBe(false);
  });

  it('gets all at once where it calls back at once, in their order', () => {
    const writes = new FallbackWrites(transport, new HeldClock(), () => false);
    const got: number[] = [];
    for (let number = 0; number < COUNT; number++) {
      writes.inTurn((callback) => {
        got.push(number);
        callback();
      });
    }
    expect(got).toEqual([...got.keys()]);
    expect(got).toHaveLength(COUNT);
  });

  it('is not waited for where it never calls back, and has passed on what it got', () => {
    const { got, give } = rig(() => true);
    for (const number of [1, 2, 3]) give(number);
    expect(got).toEqual([1, 2, 3]);
  });

  it('gets the rest when its streams are empty, where it never calls back', async () => {
    let isWritten = false;
    const { clock, writes, got, give } = rig(() => isWritten);
    for (const number of [1, 2, 3]) give(number);
    const done = writes.done(1_000);
    await clock.pass(50);
    expect(got).toEqual([1]);
    isWritten = true;
    await clock.pass(15);
    await done;
    expect(got).toEqual([1, 2, 3]);
    expect(writes.isDone).toBe(true);
  });

  it('is not done before it has got all', () => {
    const { writes, got, give } = rig(() => got.length !== 1);
    for (const number of [1, 2]) give(number);
    expect([got, writes.isDone]).toEqual([[1], false]);
  });

  it('gets all when the process ends, which leaves no time to call back', () => {
    const { writes, got, give } = rig(() => false);
    for (const number of [1, 2, 3]) give(number);
    writes.giveAll();
    expect(got).toEqual([1, 2, 3]);
  });

  it('is waited for where its log() is async', async () => {
    const clock = new HeldClock();
    const writes = new FallbackWrites(transport, clock, () => true);
    const { promise, resolve } = deferred<void>();
    writes.inTurn(() => promise);
    expect(writes.isDone).toBe(false);
    const done = writes.done(1_000);
    resolve();
    await clock.pass(10);
    await done;
    expect(writes.isDone).toBe(true);
  });
});

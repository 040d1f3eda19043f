// What a full buffer holds stands in pages beside V8's heap. At the end of the process all of it was made into objects before the
// first was given up: with a heap of 64 MiB, as a container of 128 MiB gives it, the process was out of memory, and all was lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { segmentsSeen } from '../../../lib/spool/inspect.ts';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { START_MS } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

const AWAY = { brokers: ['127.0.0.1:1'], fallback: 'counts' } as const;
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=64' };

it('the fallback gets all of a full buffer, in a heap of 64 MiB', { timeout: 60_000 }, async () => {
  const { code, stdout } = await runProgram(
    cluster,
    { act: 'fills its memory, and ends', ...AWAY, options: { closeTimeoutMs: 300 + START_MS } },
    '3',
    SMALL_HEAP,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '100000 closed, 100000 handed on\n' });
});

it('the spool gets all of a full buffer, in a heap of 64 MiB', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-full-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { code, stdout } = await runProgram(
    cluster,
    {
      act: 'fills its memory, and ends',
      ...AWAY,
      options: { closeTimeoutMs: 300 + START_MS, spool: { directory } },
    },
    '3',
    SMALL_HEAP,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0 closed, 0 handed on\n' });
  const unread: unknown[] = [];
  const segments = [...segmentsSeen(directory, Date.now(), (error) => unread.push(error))];
  const numbers = segments.flatMap(({ waiting }) =>
    waiting.map(({ text }) => Number(text.split(' ').at(-1))),
  );
  const outOfOrder = numbers.filter((number, at) => number !== at % 1_000).length;
  expect({ unread, count: numbers.length, outOfOrder }).toEqual({
    unread: [],
    count: 110_000,
    outOfOrder: 0,
  });
});

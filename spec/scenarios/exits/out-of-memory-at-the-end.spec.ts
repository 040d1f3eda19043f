// What a full buffer holds stands in pages beside V8's heap. At the end of the process all of it was made into objects before the
// first was given up: with a heap of 64 MiB, as a container of 128 MiB gives it, the process was out of memory, and all was lost.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { START_MS } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

it('the fallback gets all of a full buffer, in a heap of 64 MiB', { timeout: 60_000 }, async () => {
  const { code, stdout } = await runProgram(
    cluster,
    {
      act: 'fills its memory, and ends',
      fallback: 'counts',
      brokers: ['127.0.0.1:1'],
      options: { closeTimeoutMs: 300 + START_MS },
    },
    '3',
    { NODE_OPTIONS: '--max-old-space-size=64' },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '100000 closed, 100000 handed on\n' });
});

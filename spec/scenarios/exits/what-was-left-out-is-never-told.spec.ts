// The notice of `sample` and `rateLimit` comes once in a minute: a process that ended before that never told its topic.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

describe('records that were left out', { timeout: 60_000 }, () => {
  it.concurrent.for([
    ['logs and ends', { rateLimit: { maxRecords: 1, perMs: 3_600_000 } }, ['record 0'], 499],
    ['logs and ends', { sample: { info: 0 } }, [], 500],
    ['is told to end a moment after its last record', { sample: { info: 0 } }, [], 500],
  ] as const)('are told at the end of a process that %s, with %o', async (row, { expect }) => {
    const [act, options, kept, total] = row;
    const { values } = await runProgram(cluster, { act, options });
    expect(values).toEqual([
      ...kept,
      `{"level":"info","message":"winston-kafkajs: ${total} records were left out by sample or rateLimit: info ${total}","sampled":{"total":${total},"info":${total}}}`,
    ]);
  });

  it.concurrent('do not keep a process from ending where Kafka is away', async ({ expect }) => {
    const options = { sample: { info: 0 }, closeTimeoutMs: 600_000 };
    const { code, stdout } = await runProgram(cluster, {
      ...{ act: 'logs and ends', brokers: ['127.0.0.1:1'], options, fallback: 'prints' },
    });
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringContaining(
          'closed: {"level":"info","message":"winston-kafkajs: 500 records were left out',
        ),
      ],
    });
  });
});

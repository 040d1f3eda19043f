// Reported: a program that logs once and ends, on a machine without Kafka, took 10 s (`closeTimeoutMs`) to end.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { numbered } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

// Longer than the spec may take: who waits for it has not ended.
const options = { closeTimeoutMs: 600_000 };
const REFUSING = [
  { what: 'no broker', brokers: ['127.0.0.1:1'] },
  { what: 'no broker by this name', brokers: ['localhost:1'] },
  { what: 'three, none of which is there', brokers: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'] },
];

describe('a short process without a broker', { timeout: 60_000 }, () => {
  for (const act of ['logs and ends', 'logs, and ends its logger'] as const) {
    const count = act === 'logs and ends' ? 500 : 3;
    it.concurrent.for(REFUSING)(
      `that ${act} ends soon, and the fallback has all ($what)`,
      async ({ brokers }, { expect }) => {
        const { code, stdout } = await runProgram(cluster, { act, brokers, options, fallback: 'prints' });
        expect({ code, lines: stdout.trim().split('\n') }).toEqual({
          code: 0,
          lines: numbered(count, 'closed: record'),
        });
      },
    );
  }

  it.concurrent('says what is lost', async ({ expect }) => {
    const { code, stderr } = await runProgram(cluster, {
      act: 'logs and ends',
      brokers: ['127.0.0.1:1'],
      options,
    });
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(/cannot reach Kafka: .*ECONNREFUSED/),
        expect.stringMatching(/ends before Kafka has got 500 records \(.*ECONNREFUSED/),
      ],
    });
  });

  it.concurrent('that has ended its logger says what is lost', async ({ expect }) => {
    const act = 'logs, and ends its logger';
    const { code, stderr } = await runProgram(cluster, { act, brokers: ['127.0.0.1:1'], options });
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(/cannot reach Kafka: .*ECONNREFUSED/),
        expect.stringMatching(/has dropped 3 records: the transport was closed before Kafka had them/),
      ],
    });
  });
});

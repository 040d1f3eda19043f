// Reported: a program with a typo in its topic, or in its password, took 10 to 35 s to end.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { numbered } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;
let closed: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
  closed = await BrokerCluster.start({ sasl: () => false });
});

afterAll(() => Promise.all([cluster.stop(), closed.stop()]));

// Longer than the spec may take: who waits for it has not ended.
const options = { closeTimeoutMs: 600_000 };
const sasl = { mechanism: 'plain', username: 'shop', password: 'wrong' };

describe('a short process', { timeout: 60_000 }, () => {
  for (const act of ['logs and ends', 'logs, and ends its logger'] as const) {
    const lines = numbered(act === 'logs and ends' ? 500 : 3, 'closed: record');

    it.concurrent(`with a topic that does not exist ends soon, and the fallback has all: ${act}`, async ({
      expect,
    }) => {
      const { code, stdout, stderr } = await runProgram(cluster, {
        ...{ act, options, topic: 'not-there', fallback: 'prints' },
      });
      expect({ code, lines: stdout.trim().split('\n') }).toEqual({ code: 0, lines });
      expect(stderr.trim().split('\n')[0]).toMatch(
        /WARN winston-kafkajs cannot deliver to Kafka: .* \(topic "not-there"\)/,
      );
    });

    it.concurrent(`with a wrong password ends soon, and the fallback has all: ${act}`, async ({ expect }) => {
      const { code, stdout, stderr } = await runProgram(closed, {
        ...{ act, options, fallback: 'prints', sasl },
      });
      expect({ code, lines: stdout.trim().split('\n') }).toEqual({ code: 0, lines });
      expect(stderr.trim().split('\n')[0]).toMatch(/WARN winston-kafkajs cannot reach Kafka: SASL PLAIN/);
    });
  }
});

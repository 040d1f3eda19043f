// Reported: after a broker had answered a log-in with ILLEGAL_SASL_STATE, no batch could be written to it: "encode is not a function".
// kafkajs gives that broker other connections then, which did not know the requests of the fast path.
import { expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed } from './rig.ts';

const SASL = { mechanism: 'plain', username: 'shop', password: 'secret' } as const;

it.each([{ idempotent: false }, { idempotent: true }])(
  'they take its requests ($idempotent)',
  async (options) => {
    const cluster = await startCluster({ brokers: 2, sasl: () => true });
    // Only of a broker whose address kafkajs has from the cluster.
    const [seed] = cluster.addresses;
    cluster.moveLeader(TOPIC, 0, 1);
    const fault = cluster.inject({
      api: 'SaslHandshake',
      broker: 1,
      action: { error: ERROR.ILLEGAL_SASL_STATE },
    });
    const transport = transportTo(cluster, { kafka: { brokers: [String(seed)], sasl: SASL }, ...options });
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);
    expect(fault.hits).toBe(1);
    const { path, retries, reconnects } = transport.stats();
    expect({ path, retries, reconnects }).toEqual({ path: 'fast', retries: 1, reconnects: 0 });
  },
);

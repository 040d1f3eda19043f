// Reported: against a broker with `connections.max.reauth.ms` below 10 s nothing is ever delivered. kafkajs
// authenticates anew `reauthenticationThreshold` (10 s) before a session ends, so here with every request; and the
// broker refuses that twice within a second.
import { expect, it } from 'vitest';
import { loggerWith, numbered, START_MS, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { warningsOf } from './rig.ts';

const SASL = { mechanism: 'plain', username: 'shop', password: 'secret' } as const;

it.concurrent.each([
  { sessionMs: 2_000, authentications: 3 },
  { sessionMs: 5_000, authentications: 3 },
  { sessionMs: 9_000, authentications: 2 },
  { sessionMs: 15_000, authentications: 2 },
])(
  'sessions of $sessionMs ms: all is delivered, on one connection, beyond the end of the first session',
  async ({ sessionMs, authentications }) => {
    const cluster = await startCluster({ sasl: () => true, saslSessionLifetimeMs: sessionMs });
    const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses, sasl: SASL } });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    const limit = Date.now() + 3 * sessionMs + START_MS;
    let logged = 0;
    while (cluster.requests.SaslAuthenticate < authentications && Date.now() < limit) {
      logger.info(`record ${logged++}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(numbered(logged));
    expect(cluster.requests.SaslAuthenticate).toBe(authentications);
    expect(warnings).toEqual([]);
    expect({ retries: transport.stats().retries, connections: cluster.connectionsEver }).toEqual({
      retries: 0,
      connections: 1,
    });
  },
  60_000,
);

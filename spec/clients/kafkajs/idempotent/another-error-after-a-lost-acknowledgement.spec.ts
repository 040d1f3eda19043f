// kafkajs connects anew inside the send that has failed, and where that fails, too, the send fails with that error.
import { expect, it } from 'vitest';
import { startCluster, TOPIC } from '../../../support/harness.ts';
import { batchOf, outcomeOf, resultOf } from '../../contract/rig.ts';
import { connected, sourceTo } from '../rig.ts';

it.each([true, false])(
  'a batch passed for one whose acknowledgement was lost, because the provider of tokens had failed, and was never stored (fast path: %s)',
  async (fastPath) => {
    const cluster = await startCluster({ sasl: () => true });
    let isAway = false;
    const oauthBearerProvider = async (): Promise<{ value: string }> => {
      if (isAway) throw new Error('503 Service Unavailable');
      return { value: 'to-ken' };
    };
    const source = sourceTo(
      { brokers: cluster.addresses, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } },
      { idempotent: true, fastPath },
    );
    const client = await connected(source);
    cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
    isAway = true;
    const { error } = (await outcomeOf(client.send(batchOf(TOPIC, ['first'])))) as { error: Error };
    expect(error.message).toContain('kafka.sasl.oauthBearerProvider failed: 503 Service Unavailable');
    isAway = false;
    const next = batchOf(TOPIC, ['second']);
    // Without numbers of our own only a new producer can go on.
    if (!fastPath) expect(await resultOf(client, next)).toMatchObject({ client: 'out-of-sequence' });
    expect(await resultOf(fastPath ? client : await connected(source), next)).toEqual({ kind: 'delivered' });
    expect(cluster.values(TOPIC)).toEqual(['first', 'second']);
  },
);

// kafkajs connects anew inside the send that has failed, and where that fails, too, the send fails with that error.
import { logLevel } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import type { DeliveryClient } from '../../../../lib/clients/client.ts';
import { kafkajsSource } from '../../../../lib/clients/kafkajs/kafkajs-client.ts';
import { startCluster, TOPIC } from '../../../support/harness.ts';
import { batchOf, outcomeOf, resultOf } from '../../contract/rig.ts';

it.each([true, false])(
  'a batch passed for one whose acknowledgement was lost, because the provider of tokens had failed, and was never stored (fast path: %s)',
  async (fastPath) => {
    const cluster = await startCluster({ sasl: () => true });
    let isAway = false;
    const oauthBearerProvider = async (): Promise<{ value: string }> => {
      if (isAway) throw new Error('503 Service Unavailable');
      return { value: 'to-ken' };
    };
    const source = kafkajsSource({
      kafka: { brokers: cluster.addresses, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } },
      logCreator: () => () => undefined,
      logLevel: logLevel.NOTHING,
      acks: -1,
      idempotent: true,
      compression: undefined,
      compressionLevel: undefined,
      requestTimeoutMs: 60_000,
      fastPath,
      random: () => 0,
      onPath: () => undefined,
      onPartitions: () => undefined,
      onThrottle: () => undefined,
    });
    const connected = async (): Promise<DeliveryClient> => {
      const client = source.make();
      onTestFinished(() => client.kill());
      await client.connect();
      return client;
    };
    const client = await connected();
    cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
    isAway = true;
    const { error } = (await outcomeOf(client.send(batchOf(TOPIC, ['first'])))) as { error: Error };
    expect(error.message).toContain('kafka.sasl.oauthBearerProvider failed: 503 Service Unavailable');
    isAway = false;
    const next = batchOf(TOPIC, ['second']);
    // Without numbers of our own only a new producer can go on.
    if (!fastPath) expect(await resultOf(client, next)).toMatchObject({ client: 'out-of-sequence' });
    expect(await resultOf(fastPath ? client : await connected(), next)).toEqual({ kind: 'delivered' });
    expect(cluster.values(TOPIC)).toEqual(['first', 'second']);
  },
);

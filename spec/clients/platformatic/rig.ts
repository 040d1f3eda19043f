// What the specs of @platformatic/kafka have in common. It needs a newer Node than this package: on an older one they show that the
// error says so.
import { describe, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions } from '../../../lib/index.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { transportTo } from '../../support/harness.ts';
import { runsHere } from './node.ts';

/** The specs where they can run, and where they cannot, that the error says which Node is needed. */
export function describeWithPlatformatic(name: string, specs: () => void): void {
  describe(name, () => {
    if (runsHere) specs();
    else it('says which Node is needed', expectNodeIsNeeded);
  });
}

export function expectNodeIsNeeded(): void {
  const make = (): KafkaTransport =>
    new KafkaTransport({
      topic: 'logs',
      kafka: { brokers: ['127.0.0.1:9092'] },
      client: platformaticClient(),
    });
  expect(make).toThrow(
    expect.objectContaining({
      name: 'KafkaTransportError',
      code: 'ERR_INVALID_OPTION',
      option: 'client',
      message: `winston-kafkajs: option "client" cannot be used: @platformatic/kafka needs Node 22.22 or later; this is ${process.versions.node}`,
    }),
  );
}

export function platformaticTo(
  cluster: BrokerCluster,
  overrides: Partial<KafkaTransportOptions> = {},
): KafkaTransport {
  return transportTo(cluster, { client: platformaticClient(), ...overrides });
}

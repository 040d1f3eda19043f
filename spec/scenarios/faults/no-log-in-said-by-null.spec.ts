// `sasl: isLocal ? null : {…}`, or `ssl: user && {…}`: kafkajs takes what is falsy for none, and so does a transport.
import { expect, it } from 'vitest';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, warningsOf } from './rig.ts';

it.each([null, false, '', 0, undefined])('sasl and ssl that are %j are none', async (none) => {
  const cluster = await startCluster();
  const kafka = { brokers: cluster.addresses, sasl: none, ssl: none } as unknown as NonNullable<
    KafkaTransportOptions['kafka']
  >;
  const transport = transportTo(cluster, { kafka });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('gets through');
  await expectFlushed(transport, 1);
  expect(cluster.values(TOPIC)).toEqual(['gets through']);
  expect(warnings).toEqual([]);
});

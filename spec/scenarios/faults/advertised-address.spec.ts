// Reported: a broker whose advertised address cannot be reached said `Connection timeout.` or `Closed connection.`:
// neither which address, nor that it is not the configured one. And records without key that were meant for it waited
// until the close gave them up, beside partitions that answered.
import { connect, Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { expect, it } from 'vitest';
import { loggerWith, startCluster, transportTo } from '../../support/harness.ts';
import { untilDown, warningsOf } from './rig.ts';

/** One that refuses, and one that lets whoever calls wait. */
const REFUSED = { host: '127.0.0.1', port: 1 };
const SWALLOWED = { host: 'swallowed.invalid', port: 9092 };

const network: ISocketFactory = ({ host, port, onConnect }) =>
  host === SWALLOWED.host ? new Socket() : connect({ host, port }, onConnect);

it.each([
  {
    what: 'refuses',
    address: REFUSED,
    kafka: {},
    said: /connect ECONNREFUSED 127\.0\.0\.1:1 \(an address that the brokers themselves name\)/,
  },
  {
    what: 'swallows all',
    address: SWALLOWED,
    kafka: { socketFactory: network, connectionTimeout: 100 },
    said: /Connection timeout \(swallowed\.invalid:9092, an address that the brokers themselves name\)/,
  },
  {
    what: 'has no such name',
    address: { host: 'no-such-host.invalid', port: 9092 },
    kafka: {},
    said: /no-such-host\.invalid:9092, an address that the brokers themselves name\)/,
  },
])('an advertised address that $what: named, with what to look at', async ({ address, kafka, said }) => {
  const cluster = await startCluster({ advertised: () => address });
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, ...kafka },
    closeTimeoutMs: 50,
  });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('record');
  await untilDown(transport);
  expect(warnings[0]?.message).toMatch(said);
  expect(warnings[0]?.message).toContain('check advertised.listeners');
});

it('an address that is configured and refuses: no word of advertised addresses', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { kafka: { brokers: ['127.0.0.1:1'] }, closeTimeoutMs: 50 });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('record');
  await untilDown(transport);
  expect(warnings[0]?.message).toMatch(/ECONNREFUSED 127\.0\.0\.1:1\..*Nothing listens there/);
  expect(warnings[0]?.message).not.toContain('advertised');
});

// What a client throws may throw itself when it is looked at. That ended the process, with the record in flight for good.
import { describe, expect, it } from 'vitest';
import type { ProducerLike } from '../../lib/index.ts';
import { expectFlushed, expectNoUnhandledRejection, untilDown, warningsOf } from '../scenarios/faults/rig.ts';
import { loggerWith, startCluster, transportTo } from '../support/harness.ts';

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const throws = (): never => {
  throw new Error('not to be read');
};
const FIELDS = ['name', 'message', 'cause', 'code', 'type', 'stack'].flatMap((field) => [
  { field, what: 'a getter that throws', property: { get: throws } },
  { field, what: 'a symbol', property: { value: Symbol('text') } },
  { field, what: 'nothing that becomes text', property: { value: { toString: throws } } },
]);
const ERRORS: [string, unknown][] = [
  ...FIELDS.map(({ field, what, property }): [string, unknown] => [
    `an error whose ${field} is ${what}`,
    Object.defineProperty(new Error('boom'), field, property),
  ]),
  ['a revoked proxy', revoked],
];

describe.each(['connect', 'send'] as const)('%s of a producer throws', (method) => {
  it.each(ERRORS)('%s: the outage is told, and the record arrives', async (_, error) => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    let isBroken = true;
    const answer = (name: string, value: unknown): Promise<unknown> =>
      isBroken && name === method ? Promise.reject(error) : Promise.resolve(value);
    const producer: ProducerLike = {
      connect: () => answer('connect', undefined),
      send: ({ topic }) => answer('send', [{ topicName: topic, partition: 0, errorCode: 0 }]),
      disconnect: () => answer('disconnect', undefined),
    };
    const transport = transportTo(cluster, { producer });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    // Several: the one at fault is looked for among them.
    logger.info('record 0');
    logger.info('record 1');
    await untilDown(transport);
    isBroken = false;
    await expectFlushed(transport, 2);
    expect(warnings.map(({ code }) => code)).toEqual([
      method === 'send' ? 'ERR_SEND_FAILED' : 'ERR_KAFKA_UNREACHABLE',
    ]);
  });
});

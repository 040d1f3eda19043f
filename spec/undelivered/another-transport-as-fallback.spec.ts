// A KafkaTransport as fallback (a topic of dead letters, another cluster) took what it was given for what the fallback logs: it kept
// it from Kafka, while the first one said that the fallback had got it.
import { expect, it, vi } from 'vitest';
import { handOn } from '../../lib/undelivered/fallback.ts';
import { FallbackWrites } from '../../lib/undelivered/fallback-writes.ts';
import { ERROR } from '../../testing/broker/broker-cluster.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';

const DEAD = 'dead-letters';

it('a topic of dead letters has what the broker has refused, and nothing that is logged on the way', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, [DEAD]: 1 } });
  cluster.inject({ api: 'Produce', topic: TOPIC, action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  const sibling = new Collecting();
  const fallback = transportTo(cluster, {
    topic: DEAD,
    headers: ({ info }) => {
      logger.info('on the way');
      return { reason: String(info.reason) };
    },
  });
  const transport = transportTo(cluster, { fallback, dropNotice: false });
  const logger = loggerWith(transport, sibling);
  for (const message of numbered(2)) logger.info(message);
  await transport.flush(Infinity);
  await fallback.flush(Infinity);
  expect(cluster.values(DEAD)).toEqual(numbered(2));
  expect(cluster.records(DEAD).map(({ headers }) => String(headers.reason))).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(cluster.values(TOPIC)).toEqual([]);
  expect(sibling.messages.filter((message) => message === 'on the way')).toHaveLength(2);
  expect(fallback.stats()).toMatchObject({ delivered: 2, suppressed: { reentrant: 0 } });
  expectLaw(transport);
  expectLaw(fallback);
});

it('what a close gives up is in the other cluster when it ends', async () => {
  const [away, there] = [await startCluster(), await startCluster()];
  await away.down();
  const fallback = transportTo(there);
  const transport = transportTo(away, { fallback, closeTimeoutMs: 10 });
  const logger = loggerWith(transport);
  for (const message of numbered(50)) logger.info(message);
  await transport.close();
  expect(there.values(TOPIC)).toEqual(numbered(50));
});

it('of a loop it gets nothing: it might go on there', async () => {
  const cluster = await startCluster();
  const fallback = transportTo(cluster);
  const writes = new FallbackWrites(fallback, new HeldClock(), () => true);
  const onFailure = vi.fn();
  handOn(fallback, writes, recordOf({ text: 'round and round' }), 'loop', undefined, onFailure);
  expect(fallback.stats()).toMatchObject({ accepted: 0, suppressed: { reentrant: 1 } });
  expect(onFailure).not.toHaveBeenCalled();
});

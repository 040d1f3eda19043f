import { describe, expect, it } from 'vitest';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS } from './clients.ts';
import { recordsOf } from './records.ts';
import { batchOf, CONTENTS, contractRig, resultOf } from './rig.ts';

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it.each([
      ['before its batch was stored', 'before-store', [], ['a', 'b']],
      [
        'after its batch was stored, once more without idempotence',
        'after-store',
        ['a', 'b'],
        ['a', 'b', 'a', 'b'],
      ],
    ] as const)('has a send retried that was cut %s', async (_case, cut, stored, arrived) => {
      const client = await rig.connected();
      const topic = rig.newTopic();
      rig.cluster.inject({ api: 'Produce', topic, action: { cut } });
      const batch = clientBatch(topic, contentOf(recordsOf(topic, ['a', 'b'])), 0);
      expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'fine' });
      expect(rig.cluster.values(topic)).toEqual(stored);
      expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
      expect(rig.cluster.values(topic)).toEqual(arrived);
    });
  });

  it('has all sends retried that were under way on one connection', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(5);
    // All of one broker.
    const batches = [0, 2, 4].map((partition) => batchOf(topic, [`to ${partition}`], partition));
    for (const partition of [0, 2])
      rig.cluster.inject({ api: 'Produce', topic, partition, action: { silent: 'before-store' } });
    rig.cluster.inject({ api: 'Produce', topic, partition: 4, action: { cut: 'before-store' } });
    const results = await Promise.all(batches.map((batch) => resultOf(client, batch)));
    expect(results).toMatchObject(batches.map(() => ({ kind: 'retry', client: 'fine' })));
    for (const batch of batches) expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['to 0', 'to 2', 'to 4']);
  });
});

describe.each(CLIENTS)('$name whose brokers are down', (own) => {
  const rig = contractRig(own);

  it('has a send retried, and sends when they are up again', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    await rig.cluster.down();
    const batch = batchOf(topic, ['b']);
    const results = [await resultOf(client, batch), await resultOf(client, batch)];
    await rig.cluster.up();
    expect(results).toMatchObject([{ kind: 'retry' }, { kind: 'retry' }]);
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'b']);
  });
});

describe.each(CLIENTS)('$name, one of whose brokers goes down', (own) => {
  const rig = contractRig(own);

  it('finds the new leader of its partition, and sends to the others meanwhile', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, [`to ${partition}`], partition))).toEqual({
        kind: 'delivered',
      });
    await rig.cluster.down(1);
    const batch = batchOf(topic, ['moved'], 1);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry' });
    expect(await resultOf(client, batchOf(topic, ['other']))).toEqual({ kind: 'delivered' });
    rig.cluster.moveLeader(topic, 1, 0);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry' });
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['to 0', 'to 1', 'other', 'moved']);
  });
});

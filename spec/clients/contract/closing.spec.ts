import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../../lib/clients/client.ts';
import { CLIENTS, clientsThat } from './clients.ts';
import { batchOf, contractRig, latch, outcomeOf, resultOf } from './rig.ts';

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it.each(['before-store', 'after-store'] as const)(
    'that is closed while a broker has its batch (held %s) gives the answer to that',
    async (at) => {
      const client = await rig.connected();
      const topic = rig.newTopic();
      const answer = latch();
      const hold = rig.cluster.inject({ api: 'Produce', topic, action: { hold: answer.opened, at } });
      const sending = resultOf(client, batchOf(topic, ['a', 'b']));
      await rig.cluster.until(() => hold.hits === 1);
      const closing = client.close();
      answer.open();
      expect(await sending).toEqual({ kind: 'delivered' });
      await closing;
      expect(rig.cluster.values(topic)).toEqual(['a', 'b']);
    },
  );

  it('that is closed at once sends a batch or has it retried, and stores it once at most', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const batch = batchOf(topic, ['a']);
    const sending = resultOf(client, batch);
    await client.close();
    const { kind } = await sending;
    expect([
      ['delivered', ['a']],
      ['retry', ['a']],
      ['retry', []],
    ]).toContainEqual([kind, rig.cluster.values(topic)]);
  });
});

describe.each(clientsThat('isDisconnectedByClose'))('$name', (own) => {
  const rig = contractRig(own);

  it('that is closed has no connection any more, and has sends retried', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    await client.close();
    await rig.cluster.until(() => rig.cluster.connections === 0);
    expect(await resultOf(client, batchOf(topic, ['b']))).toMatchObject({
      kind: 'retry',
      client: 'doubtful',
    });
    expect(rig.cluster.values(topic)).toEqual(['a']);
  });

  it('that was not connected has sends retried', async () => {
    const topic = rig.newTopic();
    const batch = batchOf(topic, ['a']);
    expect(await resultOf(rig.source.make(), batch)).toMatchObject({ kind: 'retry', client: 'doubtful' });
    expect(rig.cluster.values(topic)).toEqual([]);
  });

  it('that is closed twice, or before it was connected, is closed', async () => {
    const client = await rig.connected();
    await Promise.all([client.close(), client.close()]);
    await rig.source.make().close();
    await rig.cluster.until(() => rig.cluster.connections === 0);
  });
});

describe.each(clientsThat('isDisconnectedByClose', false))('$name', (own) => {
  const rig = contractRig(own);

  it('that is closed goes on: it belongs to the caller', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    await client.close();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
  });
});

describe.each(clientsThat('isCutByKill'))('$name', (own) => {
  const rig = contractRig(own);

  it('that is closed without an answer waits for it, until it is killed', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const fault = rig.cluster.inject({ api: 'Produce', topic, action: { silent: 'after-store' } });
    const outcomes: SendOutcome[] = [];
    const sending = outcomeOf(client.send(batchOf(topic, ['a'])));
    const noted = sending.then((outcome) => outcomes.push(outcome));
    await rig.cluster.until(() => fault.hits === 1);
    const closing = outcomeOf(client.close());
    const other = await rig.connected();
    expect(await resultOf(other, batchOf(rig.newTopic(), ['b']))).toEqual({ kind: 'delivered' });
    expect(outcomes).toEqual([]);
    client.kill();
    await Promise.all([closing, noted]);
    expect(outcomes).toMatchObject([{ error: expect.any(Error) }]);
    expect(rig.cluster.values(topic)).toEqual(['a']);
  });
});

import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../../lib/clients/client.ts';
import { classifyOutcome } from '../../../lib/clients/send-result.ts';
import { CLIENTS, clientsThat } from './clients.ts';
import { batchOf, type ContractRig, contractRig, outcomeOf, resultOf } from './rig.ts';

const MOMENTS = [
  ['is not stored', 'before-store', []],
  ['is stored', 'after-store', ['a']],
] as const;

/** A send that is never answered. */
async function unansweredSend(rig: ContractRig, silent: 'before-store' | 'after-store') {
  const client = await rig.connected();
  const topic = rig.newTopic();
  const fault = rig.cluster.inject({ api: 'Produce', topic, action: { silent } });
  const batch = batchOf(topic, ['a']);
  const outcomes: SendOutcome[] = [];
  const outcome = outcomeOf(client.send(batch));
  const noted = outcome.then((own) => outcomes.push(own));
  await rig.cluster.until(() => fault.hits === 1);
  return { client, topic, batch, outcome, outcomes, noted };
}

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it.each(MOMENTS)(
    'waits for the answer of a batch that %s, while others are answered',
    async (_, at, stored) => {
      const { client, topic, outcomes } = await unansweredSend(rig, at);
      const other = rig.newTopic();
      expect(await resultOf(client, batchOf(other, ['b']))).toEqual({ kind: 'delivered' });
      expect(await resultOf(client, batchOf(other, ['c']))).toEqual({ kind: 'delivered' });
      expect(outcomes).toEqual([]);
      expect(rig.cluster.values(topic)).toEqual(stored);
    },
  );
});

describe.each(clientsThat('isCutByKill'))('$name that is killed', (own) => {
  const rig = contractRig(own);

  it.each(MOMENTS)('ends a send whose batch %s with an error that is retried', async (_, at, stored) => {
    const { client, topic, batch, outcome } = await unansweredSend(rig, at);
    client.kill();
    const ended = await outcome;
    expect(ended).toMatchObject({ error: expect.any(Error) });
    expect(classifyOutcome(ended, batch)).toMatchObject({ kind: 'retry' });
    await rig.cluster.until(() => rig.cluster.connections === 0);
    expect(rig.cluster.values(topic)).toEqual(stored);
  });

  it('sends nothing any more, and opens no connection', async () => {
    const { client, topic, outcome } = await unansweredSend(rig, 'before-store');
    client.kill();
    await outcome;
    await rig.cluster.until(() => rig.cluster.connections === 0);
    const { requests, connectionsEver } = rig.cluster;
    const before = { ...requests };
    expect(await resultOf(client, batchOf(topic, ['a']))).toMatchObject({ kind: 'retry' });
    expect(await resultOf(client, batchOf(rig.newTopic(), ['b']))).toMatchObject({ kind: 'retry' });
    // Whatever it had under way by then is read before that of the next client.
    const next = await rig.connected();
    expect(await resultOf(next, batchOf(topic, ['c']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.requests.Produce).toBe(before.Produce + 1);
    expect(rig.cluster.connections).toBe(rig.cluster.connectionsEver - connectionsEver);
    expect(rig.cluster.values(topic)).toEqual(['c']);
  });

  it('gives up a connection that it cannot finish', async () => {
    rig.cluster.silentConnections = true;
    const before = rig.cluster.connectionsEver;
    const client = rig.source.make();
    const connecting = outcomeOf(client.connect());
    await rig.cluster.until(() => rig.cluster.connectionsEver > before);
    rig.cluster.silentConnections = false;
    client.kill();
    expect(await connecting).toMatchObject({ error: expect.any(Error) });
    await rig.cluster.until(() => rig.cluster.connections === 0);
  });
});

describe.each(clientsThat('isCutByKill', false))('$name', (own) => {
  const rig = contractRig(own);

  it('goes on when it is killed: there is no way to cut it', async () => {
    const { client, topic, outcomes } = await unansweredSend(rig, 'after-store');
    client.kill();
    expect(await resultOf(client, batchOf(rig.newTopic(), ['b']))).toEqual({ kind: 'delivered' });
    expect(outcomes).toEqual([]);
    expect(rig.cluster.values(topic)).toEqual(['a']);
  });
});

import { describe, expect, it } from 'vitest';
import { NotSentError } from '../../../lib/clients/not-sent-error.ts';
import { Rig, recordOf, stored, textsOf } from '../rig.ts';

const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => String(from + at));

function expectBalanced({ ledger }: Rig): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

describe('a record that is refused', () => {
  const acceptAndDrop = (bad: (text: string) => boolean, error: unknown) => (rig: Rig) => {
    rig.answer = (batch) => (textsOf(batch.content).some(bad) ? Promise.reject(error) : stored(batch));
  };
  const big = {
    batch: { maxRecords: 500, maxBytes: 1_000_000, lingerMs: 20 },
    buffer: { maxRecords: 10_000, maxBytes: 10_000_000, overflow: 'drop-oldest' as const },
  };

  it.each([0, 1, 249, 250, 251, 498, 499])(
    'is found among 500, at place %s, in a dozen sends',
    async (place) => {
      const rig = new Rig(big);
      acceptAndDrop((text) => text === String(place), { code: 10 })(rig);
      rig.log(...numbers(500));
      await rig.clock.pass(20);
      expect(rig.delivered).toEqual(numbers(500).filter((text) => text !== String(place)));
      expect(rig.dropped).toEqual([{ text: String(place), reason: 'oversize', cause: { code: 10 } }]);
      // The whole, nine halves, the one, and what comes after it, doubling.
      expect(rig.sent.length).toBeLessThanOrEqual(1 + 9 + 1 + 9);
      expectBalanced(rig);
    },
  );

  it('does not slow down those of a topic that refuses them all', async () => {
    const rig = new Rig(big);
    acceptAndDrop(() => true, { code: 87 })(rig);
    rig.log(...numbers(500));
    await rig.clock.pass(20);
    expect(rig.dropped.length).toBe(500);
    expect(rig.sent.length).toBeLessThanOrEqual(500 + 10);
  });

  it('and the whole topic with it: one send, and others go on', async () => {
    const rig = new Rig(big);
    rig.answer = (batch) => (batch.topic === 'secret' ? Promise.reject({ code: 29 }) : stored(batch));
    for (let n = 0; n < 100; n++) rig.sender.add(recordOf({ topic: 'secret', text: String(n) }));
    await rig.clock.pass(20);
    expect([rig.sent.length, rig.dropped.length]).toEqual([1, 100]);
    rig.log(...numbers(100));
    await rig.clock.pass(20);
    expect(rig.delivered).toEqual(numbers(100));
    for (let n = 0; n < 100; n++) rig.sender.add(recordOf({ topic: 'secret', text: String(n) }));
    await rig.clock.pass(20);
    expect([rig.dropped.length, rig.sender.reconnects]).toEqual([200, 0]);
  });

  it("is not believed to be at fault when the client's own code fails once", async () => {
    const rig = new Rig(big);
    let failures = 3;
    rig.answer = (batch) => (failures-- > 0 ? Promise.reject(new TypeError('oops')) : stored(batch));
    rig.log(...numbers(100));
    await rig.clock.pass(10_000);
    expect([rig.delivered, rig.dropped]).toEqual([numbers(100), []]);
    // Each time with a fresh client: the fault may be its own.
    expect(rig.sent.map(({ client }) => client)).toEqual([1, 2, 3, 4]);
  });

  it('is, when it fails there again and again: and only that one', async () => {
    const rig = new Rig(big);
    acceptAndDrop((text) => text === '42', new TypeError('cannot be encoded'))(rig);
    rig.log(...numbers(100));
    await rig.clock.pass(10_000);
    expect(rig.delivered).toEqual(numbers(100).filter((text) => text !== '42'));
    expect(rig.dropped.map(({ text, reason }) => [text, reason])).toEqual([['42', 'rejected']]);
  });

  it('a client that is broken altogether does not reject the whole buffer in no time', async () => {
    const rig = new Rig(big);
    rig.answer = () => Promise.reject(new TypeError('broken'));
    rig.log(...numbers(5_000));
    await rig.clock.pass(10_000);
    expect(rig.dropped.length).toBeLessThan(50);
    expect(rig.outages.length).toBe(1);
  });
});

describe('an error that may be about another topic', () => {
  it('is not taken for a refusal before the topic has been tried alone', async () => {
    const rig = new Rig();
    // As kafkajs does: it asks for the metadata of all topics that a client was given, and one bad one fails them all.
    const given = new Map<number, Set<string>>();
    let isRevoked = false;
    rig.answer = (batch, client) => {
      const topics = given.get(client) ?? new Set();
      given.set(client, topics.add(batch.topic));
      return isRevoked && topics.has('revoked') ? Promise.reject({ code: 29 }) : stored(batch);
    };
    rig.sender.add(recordOf({ topic: 'revoked', text: 'before' }));
    rig.log('a');
    await rig.clock.pass(20);
    expect(rig.delivered.sort()).toEqual(['a', 'before']);
    isRevoked = true;
    rig.log('b');
    await rig.clock.pass(20);
    rig.sender.add(recordOf({ topic: 'revoked', text: 'after' }));
    rig.log('c');
    await rig.clock.pass(2_000);
    expect(rig.delivered.sort()).toEqual(['a', 'b', 'before', 'c']);
    expect(rig.dropped.map(({ text, reason }) => [text, reason])).toEqual([['after', 'rejected']]);
  });
});

describe('a record whose broker was never reached', () => {
  /** Where it was tried, in order. */
  const triedAt = async (isFlushing: boolean): Promise<unknown[]> => {
    const rig = new Rig();
    rig.learns = 2;
    rig.log('first');
    await rig.clock.pass(50);
    rig.answer = (batch) =>
      batch.partition === 1 ? Promise.reject(new NotSentError('connect ECONNREFUSED')) : stored(batch);
    rig.log('record');
    if (isFlushing) void rig.flush(120_000);
    await rig.clock.pass(120_000);
    expect(rig.delivered).toEqual(['first', 'record']);
    return rig.sent.filter(({ texts }) => texts[0] === 'record').map(({ partition }) => partition);
  };

  it.each([
    ['ten', false],
    ['three, while somebody flushes,', true],
  ])('goes to another partition after %s failures', async (_name, isFlushing) => {
    expect(await triedAt(isFlushing)).toEqual([...Array(isFlushing ? 3 : 10).fill(1), 0]);
  });
});

it('a batch that cannot be encoded is sent four times as it is, before the record at fault is looked for', async () => {
  const rig = new Rig();
  rig.log('first');
  await rig.clock.pass(50);
  rig.answer = (batch) =>
    textsOf(batch.content).includes('2') ? Promise.reject(new TypeError('no')) : stored(batch);
  rig.log(...numbers(4));
  await rig.clock.pass(60_000);
  expect(rig.sent.filter(({ texts }) => texts.length === 4)).toHaveLength(4);
  expect(rig.delivered).toEqual(['first', '0', '1', '3']);
  expect(rig.dropped.map(({ text, reason }) => [text, reason])).toEqual([['2', 'rejected']]);
});

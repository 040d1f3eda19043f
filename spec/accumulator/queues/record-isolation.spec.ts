// A plain Error of a codec, or of a producer that was handed in, counted as an outage: one record stopped a partition for good.
// Taken for a record's fault, it would have thrown all waiting records away when the client was broken. What tells the two apart is
// whether other records get through.
import { assert, asyncProperty, constantFrom, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordIsolation } from '../../../lib/accumulator/queues/record-isolation.ts';
import { PendingRecord } from '../../../lib/record/record.ts';
import { Rig, recordOf, stored, textsOf } from '../../sender/rig.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

const big = {
  batch: { maxRecords: 100, maxBytes: 1_000_000, lingerMs: 20 },
  buffer: { maxRecords: 10_000, maxBytes: 10_000_000, overflow: 'drop-oldest' as const },
};

const THROWN: [string, unknown][] = [
  ['an Error', new Error('boom')],
  ['a TypeError', new TypeError('boom')],
  ['a RangeError', new RangeError('boom')],
  ['a SyntaxError', new SyntaxError('Cannot convert 1.5 to a BigInt')],
  ['a string', 'boom'],
  ['undefined', undefined],
];
// The second is as a producer that was handed in is: no partition is known beforehand.
const SOURCES = [{ keepsSendTogether: true }, { keepsSendTogether: false, isOwned: false }];

function rigThat(fails: (text: string) => boolean, thrown: unknown, source: object = {}): Rig {
  const rig = new Rig(big, source);
  rig.answer = (batch) => (textsOf(batch.content).some(fails) ? Promise.reject(thrown) : stored(batch));
  return rig;
}

function expectBalanced({ ledger }: Rig): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

const rejected = (rig: Rig): string[] => rig.dropped.map(({ text, reason }) => `${reason} ${text}`);

describe.each(THROWN)('%s, thrown while', (_, thrown) => {
  it.each([0, 1, 42, 98, 99])(
    'one record of 100 is encoded, at place %s: that one is rejected',
    async (place) => {
      for (const source of SOURCES) {
        const rig = rigThat((text) => text === String(place), thrown, source);
        rig.log(...numbers(100));
        await rig.clock.pass(20_000);
        expect(rejected(rig)).toEqual([`rejected ${place}`]);
        expect(rig.delivered).toEqual(numbers(100).filter((text) => text !== String(place)));
        expectBalanced(rig);
      }
    },
  );

  it('all records are encoded: an outage, and nothing is thrown away', async () => {
    for (const source of SOURCES) {
      const rig = rigThat(() => true, thrown, source);
      rig.log(...numbers(500));
      await rig.clock.pass(60_000);
      expect(rig.dropped).toEqual([]);
      expect([rig.sender.state, rig.outages.length]).toEqual(['down', 1]);
      expectBalanced(rig);
      rig.answer = stored;
      await rig.clock.pass(20_000);
      expect(rig.delivered).toEqual(numbers(500));
    }
  });
});

describe('a record that cannot be sent', () => {
  it('and has no other one beside it, is kept until one shows that the client works', async () => {
    for (const source of SOURCES) {
      const rig = rigThat((text) => text === 'bad', new Error('boom'), source);
      rig.log('first');
      await rig.clock.pass(20);
      rig.log('bad');
      await rig.clock.pass(60_000);
      expect(rig.dropped).toEqual([]);
      rig.log('sound');
      await rig.clock.pass(120_000);
      expect(rejected(rig)).toEqual(['rejected bad']);
      expect(rig.delivered).toEqual(['first', 'sound']);
    }
  });

  it('is found behind others of its kind, however many', async () => {
    const rig = rigThat((text) => Number(text) < 60, new Error('boom'));
    rig.log(...numbers(100));
    await rig.clock.pass(600_000);
    expect(rejected(rig).length).toBe(60);
    expect(rig.delivered).toEqual(numbers(100).slice(60));
  });

  it('costs its own key and partition only', async () => {
    const rig = rigThat((text) => text === 'bad', new Error('boom'));
    rig.learns = 2;
    rig.sender.add(recordOf({ text: 'first', key: '1' }));
    await rig.clock.pass(20);
    rig.sender.add(recordOf({ text: 'bad', key: '1' }));
    rig.sender.add(recordOf({ text: 'other', key: '2' }));
    await rig.clock.pass(100);
    expect(rig.delivered).toEqual(['first', 'other']);
  });

  it('and expires meanwhile does not hold the others up', async () => {
    const rig = new Rig({ ...big, retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: 5_000 } });
    rig.answer = (batch) =>
      textsOf(batch.content).includes('bad') ? Promise.reject(new Error('boom')) : stored(batch);
    rig.log('bad');
    await rig.clock.pass(6_000);
    expect(rig.dropped.map(({ reason }) => reason)).toEqual(['expired']);
    rig.log('sound');
    await rig.clock.pass(2_000);
    expect(rig.delivered).toEqual(['sound']);
  });
});

it('whatever cannot be sent among sound records is rejected, nothing else, and what arrives is in order', async () => {
  await assert(
    asyncProperty(
      uniqueArray(integer({ min: 0, max: 199 }), { minLength: 1, maxLength: 12 }),
      constantFrom(...THROWN.map(([, thrown]) => thrown)),
      constantFrom(...SOURCES),
      async (places, thrown, source) => {
        const bad = new Set(places.map(String));
        const rig = rigThat((text) => bad.has(text), thrown, source);
        // Sound ones at the end: more than a few unusable ones with nothing behind them are kept.
        rig.log(...numbers(200), 'last');
        await rig.clock.pass(600_000);
        expect(rejected(rig).sort()).toEqual([...bad].map((text) => `rejected ${text}`).sort());
        expect(rig.delivered).toEqual([...numbers(200).filter((text) => !bad.has(text)), 'last']);
        expectBalanced(rig);
      },
    ),
    { numRuns: 40 },
  );
});

it('an outage that begins at any send, ends at a later one, and says nothing of a network: nothing is rejected', async () => {
  await assert(
    asyncProperty(integer({ min: 1, max: 30 }), integer({ min: 1, max: 200 }), async (from, length) => {
      const rig = new Rig(big);
      let sends = 0;
      rig.answer = (batch) => {
        sends++;
        return sends >= from && sends < from + length ? Promise.reject(new Error('boom')) : stored(batch);
      };
      for (const text of numbers(2_000)) {
        rig.log(text);
        if (Number(text) % 50 === 0) await rig.clock.pass(20);
      }
      await rig.clock.pass(600_000);
      expect(rig.dropped).toEqual([]);
      expect(new Set(rig.delivered).size).toBe(2_000);
    }),
    { numRuns: 30 },
  );
});

describe('the rule', () => {
  it('never gives a record up while none gets through', async () => {
    await assert(
      property(integer({ min: 1, max: 50 }), integer({ min: 5, max: 1_000 }), (failures, waiting) => {
        const isolation = new RecordIsolation(true);
        for (let n = 0; n < failures; n++) expect(isolation.recordFailure(waiting)).not.toBe('reject');
      }),
    );
  });

  it('gives up what failed, saw another get through, and failed twice more', () => {
    const isolation = new RecordIsolation(false);
    expect(isolation.recordFailure(2)).toBe('next');
    expect(isolation.position).toBe(1);
    expect(isolation.recordSuccess()).toBe(false);
    expect(isolation.position).toBe(0);
    expect(isolation.recordFailure(1)).toBe('next');
    expect(isolation.recordFailure(1)).toBe('reject');
  });

  it('keeps what gets through in the end', () => {
    const isolation = new RecordIsolation(false);
    isolation.recordFailure(2);
    isolation.recordSuccess();
    isolation.recordFailure(1);
    expect(isolation.recordSuccess()).toBe(true);
  });
});

it('in the first three rounds and then in every eighth, twice as many of the oldest records are tried, up to 256', () => {
  const isolation = new RecordIsolation(false);
  const tried = Array.from({ length: 57 }, () => {
    let records = 1;
    while (isolation.recordFailure(1_000) === 'next') records++;
    return records;
  });
  const searches = tried.flatMap((records, round) => (records === 1 ? [] : [[round, records]]));
  expect(searches).toEqual([
    [0, 2],
    [1, 4],
    [2, 8],
    [8, 16],
    [16, 32],
    [24, 64],
    [32, 128],
    [40, 256],
    [48, 256],
    [56, 256],
  ]);
});

it('alone, where part of its batch got through, a record is given up in the third round, and four at most', () => {
  const isolation = new RecordIsolation(true);
  const steps = Array.from({ length: 7 }, () => isolation.recordFailure(1));
  expect(steps).toEqual(['wait', 'wait', 'reject', 'reject', 'reject', 'reject', 'wait']);
  expect(isolation.isOver).toBe(true);
});

describe('records of a key, behind a younger one that fails', () => {
  const keyed = ['oldest', 'older', 'old', 'young'];

  async function deliveredBy(rig: Rig, requested: readonly string[]): Promise<string[]> {
    rig.learns = 1;
    for (const text of keyed) rig.sender.add(recordOf({ text, key: '0' }));
    // These are sent first: where those with a key go is not known yet.
    for (const text of requested)
      rig.sender.add(new PendingRecord({ ...recordOf({ text }), requestedPartition: 0 }));
    await rig.clock.pass(60_000);
    return rig.delivered.filter((text) => text !== 'fine');
  }

  it('do not change their places', async () => {
    const rig = rigThat((text) => text === 'bad', new Error('boom'));
    expect(await deliveredBy(rig, ['bad'])).toEqual(keyed);
  });

  it('do not change their places where the next one that is tried alone meets an outage', async () => {
    const rig = rigThat((text) => text === 'bad', new Error('boom'));
    const { answer } = rig;
    let isOver = false;
    rig.answer = (batch, client) => {
      const [first, second] = textsOf(batch.content);
      if (isOver || first !== 'fine' || second !== undefined) return answer(batch, client);
      isOver = true;
      return Promise.reject(Object.assign(new Error('gone'), { name: 'KafkaJSConnectionError' }));
    };
    expect(await deliveredBy(rig, ['bad', 'fine'])).toEqual(keyed);
  });
});

it('a record with a key, alone in the only partition, held all up that had none', async () => {
  const rig = rigThat((text) => text === 'bad', new Error('boom'));
  rig.learns = 1;
  rig.sender.add(recordOf({ text: 'bad', key: '0' }));
  await rig.clock.pass(5_000);
  rig.log('one', 'two', 'three');
  await rig.clock.pass(20_000);
  expect(rejected(rig)).toEqual(['rejected bad']);
  expect(rig.delivered).toEqual(['one', 'two', 'three']);
});

it('the records of a key changed their places, where a producer that was handed in could encode one of each of two keys not', async () => {
  const rig = rigThat((text) => text.startsWith('bad'), new Error('boom'), SOURCES[1]);
  // Those of the oldest one's key are sent together: the first that fails alone is younger than what waits.
  for (const [text, key] of Object.entries({
    one: 'a',
    'bad two': 'b',
    three: 'b',
    'bad four': 'a',
    five: 'b',
  }))
    rig.sender.add(recordOf({ text, key }));
  await rig.clock.pass(60_000);
  expect(rejected(rig)).toEqual(['rejected bad two', 'rejected bad four']);
  expect(rig.delivered).toEqual(['one', 'three', 'five']);
});

it('a record was passed by a younger one, where the one before it had expired while it was tried alone', async () => {
  const rig = new Rig({ retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: 5_000 } });
  rig.learns = 1;
  rig.answer = async (batch) => {
    if (!textsOf(batch.content).includes('bad')) return stored(batch);
    await new Promise<void>((resolve) => void rig.clock.after(1_300, resolve));
    throw new Error('boom');
  };
  rig.sender.add(recordOf({ text: 'bad', key: '0' }));
  await rig.clock.pass(4_990);
  const texts = ['one', 'two', 'three'];
  for (const text of texts) rig.sender.add(recordOf({ text, key: '0' }));
  await rig.clock.pass(60_000);
  expect(rig.dropped.map(({ text, reason }) => `${reason} ${text}`)).toEqual(['expired bad']);
  expect(rig.delivered).toEqual(texts);
});

it('a partition stood still for good, where the record that was tried alone was shed while its client was replaced', async () => {
  const rig = new Rig({ buffer: { maxRecords: 3, maxBytes: 1_000, overflow: 'drop-oldest' } });
  rig.learns = 1;
  rig.answer = (batch) =>
    textsOf(batch.content).includes('bad') ? Promise.reject(new Error('boom')) : stored(batch);
  rig.log('bad');
  // Until a fresh client is to be connected, at the next attempt.
  while (!rig.events.includes('close 1')) await rig.clock.pass(1);
  rig.log('one', 'two', 'three');
  expect(rig.dropped.map(({ text }) => text)).toEqual(['bad']);
  await rig.clock.pass(60_000);
  expect(rig.delivered).toEqual(['one', 'two', 'three']);
});

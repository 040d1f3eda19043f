// The numbers of an idempotent producer: unlike elsewhere a gap or a number given twice would not fail, but lose or double records.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NumberedBatch,
  type ProducerId,
  ProducerSequences,
} from '../../../../lib/clients/kafkajs/idempotent/producer-sequences.ts';
import { ERROR } from '../../../../testing/broker/broker-cluster.ts';
import { ProducerSequences as BrokerSequences } from '../../../../testing/broker/producer-sequences.ts';

const ID: ProducerId = { producerId: '7', producerEpoch: 0 };
const OTHER_ID: ProducerId = { producerId: '8', producerEpoch: 0 };

/** @throws where there are no numbers */
function begin(sequences: ProducerSequences, ids: number[], offered = ID, partition = 't/0'): NumberedBatch {
  const batch = sequences.begin(partition, { ids, count: ids.length }, offered);
  if (batch === undefined) throw new Error('there are no numbers');
  return batch;
}

const numbersOf = ({ producerId, producerEpoch, firstSequence }: NumberedBatch): string =>
  `${producerId} ${producerEpoch} ${firstSequence}`;

describe('the numbers of a batch', () => {
  it('follow those of the batch before, in each partition', () => {
    const sequences = new ProducerSequences();
    for (const [partition, ids, numbers] of [
      ['t/0', [1, 2], '7 0 0'],
      ['t/1', [3], '7 0 0'],
      ['t/0', [4, 5, 6], '7 0 2'],
      ['t/0', [7], '7 0 5'],
      ['t/1', [8], '7 0 1'],
    ] as const) {
      const batch = begin(sequences, [...ids], ID, partition);
      expect(numbersOf(batch)).toBe(numbers);
      sequences.onStored(batch);
    }
  });

  it('stay its own while it is not known whether it is stored', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    expect(numbersOf(begin(sequences, [3]))).toBe('7 0 2');
    expect(numbersOf(begin(sequences, [3]))).toBe('7 0 2');
  });

  it('stay its own where it was stored, and whoever has sent it does not know', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    expect(numbersOf(begin(sequences, [1, 2]))).toBe('7 0 0');
    expect(numbersOf(begin(sequences, [3]))).toBe('7 0 2');
  });

  it('go to the next one where it was not stored', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    sequences.onNotStored(begin(sequences, [3, 4]));
    expect(numbersOf(begin(sequences, [3]))).toBe('7 0 2');
  });

  it.each([
    ['an earlier attempt was without an answer', 1],
    ['an earlier attempt is under way', 2],
  ])('do not, where %s: the next one begins another epoch', (_, attempts) => {
    const sequences = new ProducerSequences();
    for (let n = 0; n < attempts; n++) begin(sequences, [1, 2]);
    sequences.onNotStored(begin(sequences, [1, 2]));
    expect(numbersOf(begin(sequences, [1]))).toBe('7 1 0');
    expect(numbersOf(begin(sequences, [9], ID, 't/1'))).toBe('7 0 0');
  });

  it('are those of the next epoch behind one that may be stored', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    begin(sequences, [3]);
    const next = begin(sequences, [4, 5]);
    expect(numbersOf(next)).toBe('7 1 0');
    sequences.onStored(next);
    expect(numbersOf(begin(sequences, [6]))).toBe('7 1 2');
  });

  it('are not those of other records, as many, nor of the same ones in another order or number', () => {
    for (const [ids, count] of [
      [[1, 4], 2],
      [[2, 1], 2],
      [[1], 1],
      [[1, 2], 3],
    ] as const) {
      const sequences = new ProducerSequences();
      begin(sequences, [1, 2]);
      expect(sequences.begin('t/0', { ids, count }, ID)).toMatchObject({
        producerEpoch: 1,
        firstSequence: 0,
      });
    }
  });

  it('count the records that are sent, not those that were meant', () => {
    const sequences = new ProducerSequences();
    const batch = sequences.begin('t/0', { ids: [1, 2], count: 5 }, ID) as NumberedBatch;
    sequences.onStored(batch);
    expect(numbersOf(begin(sequences, [3]))).toBe('7 0 5');
  });

  it('begin again at 0 after the highest int32', () => {
    const sequences = new ProducerSequences();
    const most = sequences.begin('t/0', { ids: [1], count: 2 ** 31 - 2 }, ID) as NumberedBatch;
    sequences.onStored(most);
    const last = begin(sequences, [2, 3, 4]);
    expect(numbersOf(last)).toBe(`7 0 ${2 ** 31 - 2}`);
    sequences.onStored(last);
    expect(numbersOf(begin(sequences, [5]))).toBe('7 0 1');
  });
});

describe('numbers that a broker does not take', () => {
  it('give way to those of the next epoch, for the same batch and in this partition', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    sequences.onStored(begin(sequences, [1], ID, 't/1'));
    expect(sequences.onOutOfSequence(begin(sequences, [3]))).toBe(true);
    expect(numbersOf(begin(sequences, [3]))).toBe('7 1 0');
    expect(numbersOf(begin(sequences, [2], ID, 't/1'))).toBe('7 0 1');
  });

  it('are no news where another batch has followed, or the same one is stored', () => {
    const sequences = new ProducerSequences();
    const late = begin(sequences, [1, 2]);
    const next = begin(sequences, [3]);
    expect(sequences.onOutOfSequence(late)).toBe(true);
    sequences.onStored(next);
    expect(sequences.onOutOfSequence(next)).toBe(true);
    expect(numbersOf(begin(sequences, [4]))).toBe('7 1 1');
  });

  it('are over with the last epoch, and with an id that the broker does not take: then another id', () => {
    const sequences = new ProducerSequences();
    const lastEpoch = { producerId: '7', producerEpoch: 32_767 };
    expect(sequences.onOutOfSequence(begin(sequences, [1], lastEpoch))).toBe(false);
    expect(sequences.begin('t/0', { ids: [1], count: 1 }, lastEpoch)).toBe(undefined);
    const batch = begin(sequences, [1], OTHER_ID);
    expect(numbersOf(batch)).toBe('8 0 0');
    sequences.onUnknownProducer(batch);
    expect(sequences.begin('t/0', { ids: [1], count: 1 }, OTHER_ID)).toBe(undefined);
    expect(numbersOf(begin(sequences, [1], ID))).toBe('7 0 0');
    // What comes late of the old id.
    sequences.onUnknownProducer(batch);
    expect(numbersOf(begin(sequences, [1], OTHER_ID))).toBe('7 0 0');
  });

  it('another id is not taken while the one that is used will do', () => {
    const sequences = new ProducerSequences();
    sequences.onStored(begin(sequences, [1, 2]));
    expect(numbersOf(begin(sequences, [3], OTHER_ID))).toBe('7 0 2');
  });
});

describe('partitions', () => {
  const brokers = new Map<string, BrokerSequences>();
  const arrives = ({
    partition,
    producerId,
    producerEpoch,
    firstSequence,
    records,
  }: NumberedBatch): object => {
    const broker = brokers.get(partition) ?? new BrokerSequences();
    brokers.set(partition, broker);
    const header = {
      ...{ producerId: BigInt(producerId), producerEpoch, baseSequence: firstSequence },
      records: records.count,
    };
    const check = broker.check(header);
    if ('errorCode' in check && check.errorCode === ERROR.NONE) broker.remember(header, 0);
    return check;
  };
  const TAKEN = { errorCode: ERROR.NONE };

  it('were remembered for good, however many; one that is forgotten goes on under an epoch that the broker takes', () => {
    brokers.clear();
    const sequences = new ProducerSequences();
    const epochs = new Set<number>();
    let id = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 1_500; n++) {
        const batch = begin(sequences, [id++], ID, `t/${n}`);
        epochs.add(batch.producerEpoch);
        expect(arrives(batch)).toEqual(TAKEN);
        sequences.onStored(batch);
      }
    }
    // One more for each thousand, and not for each partition: there are 32,768.
    expect([...epochs]).toEqual([0, 1, 2, 3, 4]);
  });

  it('are forgotten last while their batch may be stored; then others never pass for it', () => {
    brokers.clear();
    const sequences = new ProducerSequences();
    const open = begin(sequences, [1], ID, 'open/0');
    expect(arrives(open)).toEqual(TAKEN);
    for (let n = 0; n < 1_200; n++) sequences.onStored(begin(sequences, [2 + n], ID, `stored/${n}`));
    expect(begin(sequences, [1], ID, 'open/0')).toBe(open);
    for (let n = 0; n < 1_200; n++) begin(sequences, [2_000 + n], ID, `unanswered/${n}`);
    expect(arrives(begin(sequences, [9_000], ID, 'open/0'))).toEqual(TAKEN);
    // What is heard of it late changes nothing.
    sequences.onNotStored(open);
    expect(sequences.onOutOfSequence(open)).toBe(true);
  });

  it('that are forgotten use up the epochs of an id: then another id', () => {
    const sequences = new ProducerSequences();
    const lastEpoch = { producerId: '7', producerEpoch: 32_767 };
    for (let n = 0; n < 1_000; n++) sequences.onStored(begin(sequences, [n], lastEpoch, `t/${n}`));
    const records = { ids: [1_000], count: 1 };
    expect(sequences.begin('t/1000', records, lastEpoch)).toBe(undefined);
    expect(sequences.begin('t/999', records, lastEpoch)).toBe(undefined);
    expect(numbersOf(begin(sequences, [1_000], OTHER_ID, 't/1000'))).toBe('8 0 0');
  });
});

const STEPS = [
  'stored',
  'stored, no answer',
  'lost',
  'delayed',
  'delayed ones arrive',
  'not sent',
  'first record refused',
  'halved',
  'given up, no answer',
  'out of sequence',
] as const;

/** A sender of one partition, a network that loses and delays, and a broker that keeps the books of a Kafka broker. */
class Partition {
  readonly #sequences = new ProducerSequences();
  readonly #broker = new BrokerSequences();
  #delayed: NumberedBatch[] = [];
  #fresh = 0;
  #waiting: number[][] = [];
  /** Of the batch that waits first: whether an attempt may have been stored. */
  #mayBeStored = false;
  readonly log: number[] = [];
  readonly answered: number[] = [];
  /** They may be there twice: they were numbered anew after a send without an answer. */
  readonly repeatable = new Set<number>();

  step(what: (typeof STEPS)[number], size: number): void {
    if (what === 'delayed ones arrive') {
      for (const batch of this.#delayed.splice(0)) this.#arrive(batch);
      return;
    }
    if (this.#waiting.length === 0) this.#waiting.push(Array.from({ length: size }, () => this.#fresh++));
    const ids = this.#waiting[0] as number[];
    const batch = begin(this.#sequences, ids);
    switch (what) {
      case 'stored':
        this.#expectTaken(batch);
        this.#sequences.onStored(batch);
        this.answered.push(...ids);
        this.#next();
        return;
      case 'stored, no answer':
        this.#expectTaken(batch);
        this.#mayBeStored = true;
        return;
      case 'delayed':
        this.#delayed.push(batch);
        this.#mayBeStored = true;
        return;
      case 'lost':
        this.#mayBeStored = true;
        return;
      case 'not sent':
        this.#sequences.onNotStored(batch);
        return;
      case 'first record refused':
        this.#sequences.onNotStored(batch);
        this.#next(ids.slice(1));
        return;
      case 'halved':
        this.#sequences.onNotStored(batch);
        this.#next(ids.slice(0, ids.length / 2), ids.slice(ids.length / 2));
        return;
      case 'given up, no answer':
        this.#mayBeStored = true;
        this.#next();
        return;
      case 'out of sequence':
        this.#renumber(ids);
        this.#sequences.onOutOfSequence(batch);
    }
  }

  #next(...instead: number[][]): void {
    const before = this.#waiting.shift() ?? [];
    this.#waiting.unshift(...instead.filter(({ length }) => length > 0));
    if (instead.length > 0) this.#renumber(before);
    this.#mayBeStored = false;
  }

  #renumber(ids: readonly number[]): void {
    if (this.#mayBeStored) for (const id of ids) this.repeatable.add(id);
  }

  #expectTaken(batch: NumberedBatch): void {
    expect([numbersOf(batch), this.#arrive(batch)]).toEqual([numbersOf(batch), ERROR.NONE]);
  }

  #arrive({ producerId, producerEpoch, firstSequence, records }: NumberedBatch): number {
    const header = {
      ...{ producerId: BigInt(producerId), producerEpoch, baseSequence: firstSequence },
      records: records.count,
    };
    const check = this.#broker.check(header);
    if ('duplicateOf' in check) return ERROR.NONE;
    if (check.errorCode !== ERROR.NONE) return check.errorCode;
    this.#broker.remember(header, this.log.length);
    this.log.push(...records.ids);
    return ERROR.NONE;
  }
}

const STEPS_OF_A_RUN = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.integer({ min: 1, max: 5 })), {
  maxLength: 60,
});

it('whatever a network does, a broker takes each number, no record is doubled, and none passes for another', () => {
  fc.assert(
    fc.property(STEPS_OF_A_RUN, (steps) => {
      const partition = new Partition();
      for (const [what, size] of steps) partition.step(what, size);
      const { log, answered, repeatable } = partition;
      const stored = new Set(log);
      expect(answered.filter((id) => !stored.has(id))).toEqual([]);
      const once = log.filter((id) => !repeatable.has(id));
      expect(once).toEqual([...new Set(once)].toSorted((a, b) => a - b));
    }),
    { numRuns: 2_000 },
  );
});

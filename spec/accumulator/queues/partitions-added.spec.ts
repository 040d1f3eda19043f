// Partitions are added while records wait in the spool: some were sent to the partition that their key had before.
import { expect, it } from 'vitest';
import { Ledger } from '../../../lib/accumulator/ledger.ts';
import type { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { RecordAccumulator } from '../../../lib/accumulator/record-accumulator.ts';
import { Spool } from '../../../lib/spool/spool.ts';
import { batchingPolicy, HeldClock, recordOf } from '../../sender/rig.ts';
import { directoryOfSpec } from '../../spool/rig.ts';

const TOPIC = 'logs';
const KEY = 'k';

interface ProcessOptions {
  readonly maxRecords?: number;
  readonly batchRecords?: number;
}

/** What one process has. What it sends is answered when the spec says so. */
class Process {
  readonly #clock = new HeldClock();
  readonly #spool: Spool;
  readonly #accumulator: RecordAccumulator;
  readonly #inFlight: ProducerBatch[] = [];

  /** @param number how many have used the directory, with this one */
  constructor(
    directory: string,
    number: number,
    { maxRecords = 100, batchRecords = 10 }: ProcessOptions = {},
  ) {
    const ledger = new Ledger();
    const nothing = (): void => undefined;
    this.#clock.now = number;
    this.#spool = new Spool({ directory, mode: 'always', maxBytes: 1_000_000 }, this.#clock, {
      onAdopted: (records, positions) => ledger.adopt(records, positions),
      ...{ onDamaged: nothing, onLost: nothing, onError: nothing, onWork: nothing },
    });
    this.#accumulator = new RecordAccumulator(
      ledger,
      { maxRecords, maxBytes: 1_000_000, overflow: 'drop-oldest' },
      batchingPolicy({ limits: { maxRecords: batchRecords, maxBytes: 10_000, lingerMs: 0 } }),
      nothing,
      this.#spool,
    );
  }

  /** Finds what the one before has left. */
  async begin(): Promise<this> {
    this.#spool.open();
    await this.#clock.settle();
    this.replay();
    return this;
  }

  log(texts: readonly string[], topic = TOPIC): void {
    for (const text of texts) this.#accumulator.add(recordOf({ topic, key: KEY, text }));
  }

  learn(partitions: number): void {
    const all = Array.from({ length: partitions }, (_, at) => at);
    this.#accumulator.setPartitions(TOPIC, partitions, all);
  }

  /** @returns where it sends what of the topic: one batch to each partition */
  send(): { partition: number | undefined; texts: string[] }[] {
    this.replay();
    const sent: ProducerBatch[] = [];
    const drain = (): ProducerBatch | undefined => this.#accumulator.drain(0, true);
    for (let batch = drain(); batch !== undefined; batch = drain()) sent.push(batch);
    this.#inFlight.push(...sent);
    return sent
      .filter(({ topic }) => topic === TOPIC)
      .map(({ partition, records }) => ({ partition, texts: records.map(({ text }) => text) }));
  }

  /** All sends that are under way come through. */
  deliver(): void {
    for (const batch of this.#inFlight.splice(0)) this.#accumulator.deliver(batch);
  }

  /** All sends that are under way fail. */
  fail(): void {
    for (const batch of this.#inFlight.splice(0)) this.#accumulator.reenqueue(batch, 0);
    this.replay();
  }

  end(): void {
    this.#accumulator.giveUp('closed', undefined);
    this.#spool.close();
  }

  /** What is new goes to disk, and what is there comes back. */
  replay(): void {
    this.#accumulator.syncWithSpool({ wall: 0, monotonic: 0 });
  }
}

it('a key keeps its order when it was sent to one partition, and then to another', async () => {
  const directory = directoryOfSpec();
  const first = await new Process(directory, 1, { batchRecords: 2 }).begin();
  first.log(['0', '1', '2']);
  first.learn(2);
  expect(first.send()).toEqual([{ partition: 1, texts: ['0', '1'] }]);
  first.end();

  const second = await new Process(directory, 2).begin();
  second.learn(2);
  second.learn(3);
  second.log(['3']);
  expect(second.send()).toEqual([{ partition: 2, texts: ['0', '1', '2', '3'] }]);
  second.end();

  const third = await new Process(directory, 3).begin();
  third.learn(3);
  expect(third.send()).toEqual([{ partition: 2, texts: ['0', '1', '2', '3'] }]);
  third.end();
});

it('what was sent before stays with its partition, also once it has given way to others in memory', async () => {
  const one = await new Process(directoryOfSpec(), 1, { maxRecords: 5 }).begin();
  one.log(['0', '1']);
  one.learn(2);
  expect(one.send()).toEqual([{ partition: 1, texts: ['0', '1'] }]);
  one.learn(3);
  one.fail();
  // They need the room that is there, and that of 1, too.
  one.log(['a', 'b', 'c'], 'others');
  one.log(['2']);
  expect(one.send()).toEqual([
    { partition: 1, texts: ['0'] },
    { partition: 2, texts: ['2'] },
  ]);
  one.deliver();
  expect(one.send()).toEqual([{ partition: 1, texts: ['1'] }]);
  one.end();
});

it('what is new in the turn in which partitions are added is on disk behind what its key has there', async () => {
  const directory = directoryOfSpec();
  const first = await new Process(directory, 1).begin();
  first.log(['0', '1']);
  first.learn(2);
  expect(first.send()).toEqual([{ partition: 1, texts: ['0', '1'] }]);
  first.fail();
  // A file for what can be sent, and after it one for what cannot.
  first.log(['a'], 'others');
  first.replay();
  first.log(['2']);
  first.replay();
  first.log(['3']);
  first.learn(3);
  first.end();

  const second = await new Process(directory, 2).begin();
  second.learn(3);
  const sent = second.send().filter(({ partition }) => partition === 2);
  expect(sent).toEqual([{ partition: 2, texts: ['2', '3'] }]);
  second.end();
});

// Partitions are added while records wait in the spool, and one process after the other ends before it could send them.
import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { RecordAccumulator } from '../../lib/accumulator/record-accumulator.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { batchingPolicy, HeldClock, recordOf } from '../sender/rig.ts';
import { directoryOfSpec } from '../spool/rig.ts';

const TOPIC = 'logs';
const KEY = 'k';

/** What one process has: nothing of what it sends is answered. */
class Process {
  readonly #clock = new HeldClock();
  readonly #spool: Spool;
  readonly #accumulator: RecordAccumulator;

  /** @param number how many have used the directory, with this one */
  constructor(directory: string, number: number, batchRecords = 10) {
    const ledger = new Ledger();
    const nothing = (): void => undefined;
    this.#clock.now = number;
    this.#spool = new Spool({ directory, mode: 'always', maxBytes: 1_000_000 }, this.#clock, {
      onAdopted: (records, positions) => ledger.adopt(records, positions),
      ...{ onDamaged: nothing, onLost: nothing, onError: nothing, onWork: nothing },
    });
    this.#accumulator = new RecordAccumulator(
      ledger,
      { maxRecords: 100, maxBytes: 1_000_000, overflow: 'drop-oldest' },
      batchingPolicy({ limits: { maxRecords: batchRecords, maxBytes: 10_000, lingerMs: 0 } }),
      nothing,
      this.#spool,
    );
  }

  /** Finds what the one before has left. */
  async begin(): Promise<this> {
    this.#spool.open();
    await this.#clock.settle();
    this.#accumulator.replayFromSpool({ wall: 0, monotonic: 0 });
    return this;
  }

  log(...texts: string[]): void {
    for (const text of texts) this.#accumulator.add(recordOf({ topic: TOPIC, key: KEY, text }));
  }

  learn(partitions: number): void {
    const all = Array.from({ length: partitions }, (_, at) => at);
    this.#accumulator.learn(TOPIC, partitions, all);
  }

  /** @returns where it sends what: one batch to each partition */
  send(): { partition: number | undefined; texts: string[] }[] {
    this.#accumulator.replayFromSpool({ wall: 0, monotonic: 0 });
    const sent = [];
    for (
      let batch = this.#accumulator.drain(0, true);
      batch !== undefined;
      batch = this.#accumulator.drain(0, true)
    )
      sent.push({ partition: batch.partition, texts: batch.records.map(({ text }) => text) });
    return sent;
  }

  end(): void {
    this.#accumulator.giveUp('closed', undefined);
    this.#spool.close();
  }
}

it('a key keeps its order when it was sent to one partition, and then to another', async () => {
  const directory = directoryOfSpec();
  const first = await new Process(directory, 1, 2).begin();
  first.log('0', '1', '2');
  first.learn(2);
  expect(first.send()).toEqual([{ partition: 1, texts: ['0', '1'] }]);
  first.end();

  const second = await new Process(directory, 2).begin();
  second.learn(2);
  second.learn(3);
  second.log('3');
  expect(second.send()).toEqual([{ partition: 2, texts: ['0', '1', '2', '3'] }]);
  second.end();

  const third = await new Process(directory, 3).begin();
  third.learn(3);
  expect(third.send()).toEqual([{ partition: 2, texts: ['0', '1', '2', '3'] }]);
  third.end();
});

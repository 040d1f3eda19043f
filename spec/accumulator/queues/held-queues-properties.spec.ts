// Whatever is held, released and left for the next process: nothing is lost, nothing of one key changes its place, and what is
// not held arrives while the rest is.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ledger } from '../../../lib/accumulator/ledger.ts';
import type { OverflowPolicy } from '../../../lib/accumulator/memory-limit.ts';
import type { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { RecordAccumulator } from '../../../lib/accumulator/record-accumulator.ts';
import { Spool } from '../../../lib/spool/spool.ts';
import { batchingPolicy, HeldClock, recordOf } from '../../sender/rig.ts';
import { directoryOfSpec, filesIn } from '../../spool/rig.ts';

const TOPICS = ['a', 'b', 'c'];
const PARTITIONS = 3;
const MOST_PARTITIONS = 6;
const KEYS = ['k0', 'k1', 'k2', 'k3'];
const policy = batchingPolicy();

interface Shape {
  mode: 'overflow' | 'always';
  overflow: OverflowPolicy;
  maxRecords: number;
  resendsWhole: boolean;
}

/** What can be held: a topic, or a partition of one. */
const queue = fc.oneof(
  fc.constantFrom(...TOPICS),
  fc.constantFrom(...TOPICS).chain((topic) => fc.nat(PARTITIONS - 1).map((at) => `${topic}/${at}`)),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('log' as const),
      records: fc.integer({ min: 1, max: 40 }),
      topics: fc.subarray(TOPICS, { minLength: 1 }),
      isKeyed: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), batches: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold' as const), queue }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), queue }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('unanswered' as const), batches: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forget' as const), topic: fc.constantFrom(...TOPICS) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('grow' as const), topic: fc.constantFrom(...TOPICS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A record accumulator with its spool, with a broker that keeps what it is sent. */
class World {
  readonly held = new Set<string>();
  readonly stored: { topic: string; partition: number; text: string }[] = [];
  readonly errors: unknown[] = [];
  readonly #shape: Shape;
  readonly #directory: string;
  readonly #clock = new HeldClock();
  /** Sends that are stored, and whose answer does not come. */
  unanswered = 0;
  /** How many each topic has. */
  readonly partitions = new Map(TOPICS.map((topic) => [topic, PARTITIONS]));
  logged = 0;
  ledger = new Ledger();
  #spool: Spool;
  accumulator: RecordAccumulator;
  #random = 0;

  constructor(shape: Shape, directory: string) {
    this.#shape = shape;
    this.#directory = directory;
    [this.#spool, this.accumulator] = this.#begin();
  }

  get directory(): string {
    return this.#directory;
  }

  #begin(): [Spool, RecordAccumulator] {
    this.ledger = new Ledger();
    const { ledger } = this;
    const { mode, overflow, maxRecords, resendsWhole } = this.#shape;
    const spool = new Spool({ directory: this.#directory, mode, maxBytes: 100_000_000 }, this.#clock, {
      onAdopted: (records, positions) => ledger.adopt(records, positions),
      onDamaged: (stretches) => this.errors.push(`${stretches} damaged`),
      onLost: (records) => this.errors.push(`${records} lost`),
      onError: (cause) => this.errors.push(cause),
      onWork: () => undefined,
    });
    spool.open();
    const accumulator = new RecordAccumulator(
      ledger,
      { maxRecords, maxBytes: 1_000_000, overflow },
      // Any partition, but the same each time.
      {
        ...policy,
        limits: { maxRecords: 5, maxBytes: 10_000, lingerMs: 0 },
        resendsWhole,
        random: () => (this.#random = (this.#random + 0.37) % 1),
      },
      ({ text }, reason) => this.errors.push(`${text} dropped: ${reason}`),
      spool,
    );
    return [spool, accumulator];
  }

  async restart(): Promise<void> {
    this.accumulator.giveUp('closed', undefined);
    this.#spool.close();
    // Segments are named after the time at which a transport was made.
    this.#clock.now += 1_000;
    [this.#spool, this.accumulator] = this.#begin();
    await this.#clock.settle();
  }

  log(topic: string, key: string | null, severity: number): void {
    this.accumulator.add(recordOf({ topic, key, severity, text: `${key} ${this.logged++}` }));
  }

  async send(batches: number): Promise<void> {
    await this.#clock.settle();
    for (let n = 0; n < batches; n++) {
      for (let more = true, turns = 0; more && turns < 20; turns++) {
        more = this.accumulator.syncWithSpool({ wall: 0, monotonic: 0 });
      }
      const batch = this.accumulator.drain(0, true);
      if (batch === undefined) return;
      this.#answer(batch);
      this.checkLaw();
    }
  }

  #answer(batch: ProducerBatch): void {
    const { topic } = batch;
    if (this.held.has(topic)) {
      this.accumulator.recordError(topic, new Error('not there'));
      this.accumulator.reenqueue(batch, 0, true);
      return;
    }
    const count = this.partitions.get(topic) ?? PARTITIONS;
    this.accumulator.setPartitions(
      topic,
      count,
      Array.from({ length: count }, (_, at) => at),
    );
    const [first] = batch.records;
    const key = first?.key as string | null;
    batch.bindTo(batch.partition ?? (key === null ? 0 : policy.partitionOfKey(key, count)));
    const partition = batch.partition as number;
    if (this.held.has(`${topic}/${partition}`)) {
      this.accumulator.recordError(topic, new Error('no leader'));
      this.accumulator.reenqueue(batch, 0);
      return;
    }
    for (const { text } of batch.records) this.stored.push({ topic, partition, text });
    if (this.unanswered-- > 0) this.accumulator.reenqueue(batch, 0);
    else this.accumulator.deliver(batch);
  }

  checkLaw(): void {
    const { accepted, delivered, queued, inFlight, spooledWaiting, droppedTotal } = this.ledger;
    expect(accepted).toBe(delivered + queued + inFlight + spooledWaiting + droppedTotal);
  }

  /** Everything can be sent. */
  async finish(): Promise<void> {
    this.held.clear();
    this.unanswered = 0;
    for (let turns = 0; this.ledger.unsettled > 0 && turns < 300; turns++) await this.send(20);
    expect(this.ledger.unsettled).toBe(0);
    this.#spool.close();
  }
}

const shape = fc.record<Shape>({
  mode: fc.constantFrom('overflow', 'always'),
  overflow: fc.constantFrom('drop-oldest', 'drop-newest', 'drop-lowest'),
  maxRecords: fc.constantFrom(20, 60),
  resendsWhole: fc.boolean(),
});

// What random runs have found: a key of a held partition was written behind its queue's earlier records on disk, and the next of
// it, after the partitions had been forgotten, before them.
const WRITTEN_AFTER_ITS_QUEUE_HAD_CHANGED: [Shape, Step[]] = [
  { mode: 'always', overflow: 'drop-oldest', maxRecords: 20, resendsWhole: false },
  [
    { do: 'hold', queue: 'b/0' },
    { do: 'log', records: 6, topics: ['b'], isKeyed: false },
    { do: 'hold', queue: 'a/2' },
    { do: 'log', records: 1, topics: ['b'], isKeyed: false },
    { do: 'log', records: 11, topics: ['a'], isKeyed: false },
    { do: 'send', batches: 6 },
    { do: 'log', records: 11, topics: ['a', 'c'], isKeyed: true },
    { do: 'log', records: 8, topics: ['a', 'b', 'c'], isKeyed: true },
    { do: 'log', records: 1, topics: ['b', 'c'], isKeyed: true },
    { do: 'forget', topic: 'b' },
  ],
];

// And a batch that was under way while partitions were added: part of it waited on disk, and forgot where it had been sent.
const SENT_BEFORE_PARTITIONS_WERE_ADDED: [Shape, Step[]] = [
  { mode: 'overflow', overflow: 'drop-oldest', maxRecords: 20, resendsWhole: false },
  [
    { do: 'log', records: 1, topics: ['c'], isKeyed: true },
    { do: 'hold', queue: 'c/2' },
    { do: 'send', batches: 1 },
    { do: 'log', records: 12, topics: ['c'], isKeyed: true },
    { do: 'grow', topic: 'c' },
    { do: 'log', records: 15, topics: ['b'], isKeyed: false },
    { do: 'send', batches: 3 },
  ],
];

it('nothing is lost, and each key keeps its order', { timeout: 120_000 }, async () => {
  const directory = directoryOfSpec();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { maxLength: 40, size: 'max' }), async (which, steps) => {
      const world = new World(which, `${directory}/${run++}`);
      let hasForgotten = false;
      let hasGrown = false;
      // What was sent goes to its partition again, and what is younger to another one: then only the order in each is kept.
      let isSpread = false;
      for (const one of steps) {
        if (one.do === 'log') {
          for (let n = 0; n < one.records; n++) {
            const topic = one.topics[n % one.topics.length] ?? 'a';
            const key = one.isKeyed ? (KEYS[(world.logged * 7) % KEYS.length] ?? null) : null;
            world.log(topic, key, world.logged % 3);
            world.checkLaw();
          }
        } else if (one.do === 'send') await world.send(one.batches);
        else if (one.do === 'hold') world.held.add(one.queue);
        else if (one.do === 'release') world.held.delete(one.queue);
        else if (one.do === 'unanswered') world.unanswered = one.batches;
        else if (one.do === 'forget') {
          // What has stayed behind as partitions were added is not to be released from its partition.
          if (hasGrown) continue;
          world.accumulator.forgetPartitions(one.topic);
          hasForgotten = true;
        } else if (one.do === 'grow') {
          const count = world.partitions.get(one.topic) ?? PARTITIONS;
          world.partitions.set(one.topic, Math.min(count + 1, MOST_PARTITIONS));
          hasGrown = true;
          isSpread = true;
        } else if (which.mode === 'always' || !(hasForgotten || hasGrown)) {
          // Where only memory has them, the next process does not know where records were sent before.
          await world.restart();
          isSpread ||= hasForgotten;
        }
        world.checkLaw();
      }
      await world.finish();
      const { stored, logged, errors } = world;
      expect(errors).toEqual([]);
      const numberIn = (text: string) => Number(text.split(' ')[1]);
      expect(new Set(stored.map(({ text }) => numberIn(text))).size).toBe(logged);
      const streams = new Map<string, Set<number>>();
      const arrived = new Set<string>();
      for (const { topic, partition, text } of stored) {
        const [key] = text.split(' ');
        if (key === 'null' || arrived.has(text)) continue;
        arrived.add(text);
        const name = isSpread ? `${topic}/${partition} ${key}` : `${topic} ${key}`;
        streams.set(name, (streams.get(name) ?? new Set()).add(numberIn(text)));
      }
      for (const [name, numbers] of streams) {
        expect({ name, numbers: [...numbers] }).toEqual({
          name,
          numbers: [...numbers].sort((a, b) => a - b),
        });
      }
      expect(filesIn(world.directory)).toEqual([]);
    }),
    { numRuns: 100, examples: [WRITTEN_AFTER_ITS_QUEUE_HAD_CHANGED, SENT_BEFORE_PARTITIONS_WERE_ADDED] },
  );
});

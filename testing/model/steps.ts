// What may happen in the model, drawn by fast-check.
import fc from 'fast-check';
import { MISBEHAVIOURS } from './broker.ts';
import type { ProcessShape } from './process.ts';

export const TOPICS = ['a', 'b', 'c'] as const;
export const KEYS = ['k0', 'k1', 'k2', 'k3'] as const;
/** How many partitions a topic may have. */
export const MAX_PARTITIONS = 6;
/** How many processes there may be at a time. */
const MAX_SLOTS = 2;

export interface Shape extends ProcessShape {
  readonly partitions: number;
  readonly slots: number;
  readonly seed: number;
  /** Of which records the order is looked at. What may change it does not happen then. */
  readonly ordered: 'all' | 'keyed' | 'none';
}

export const shape: fc.Arbitrary<Shape> = fc.record({
  client: fc.constantFrom('own', 'own', 'idempotent', 'producer', 'factory'),
  namesRefused: fc.boolean(),
  spool: fc.constantFrom('none', 'overflow', 'always'),
  spoolBytes: fc.constantFrom(100_000_000, 100_000_000, 100_000_000, 8_000),
  overflow: fc.constantFrom('drop-oldest', 'drop-newest', 'drop-lowest'),
  maxRecords: fc.constantFrom(5, 20, 60, 1_000),
  maxBytes: fc.constantFrom(1_000_000, 1_000_000, 2_000),
  batchRecords: fc.constantFrom(1, 3, 5, 10),
  maxAgeMs: fc.constantFrom(undefined, undefined, undefined, 5_000),
  serializes: fc.constantFrom(false, false, false, true),
  partitions: fc.constantFrom(1, 2, 3),
  slots: fc.constantFrom(1, 1, MAX_SLOTS),
  seed: fc.integer(),
  ordered: fc.constantFrom('all', 'keyed', 'none'),
});

const slot = fc.nat(MAX_SLOTS - 1);
const topic = fc.constantFrom(...TOPICS);
const onSlot = fc.record({ slot });
const nothing = fc.constant({});

/** Each step, and how often it is drawn. */
const STEPS = {
  log: {
    weight: 30,
    of: fc.record({
      slot,
      records: fc.integer({ min: 1, max: 30 }),
      topics: fc.subarray([...TOPICS], { minLength: 1 }),
      keys: fc.constantFrom('none', 'some', 'all'),
      partition: fc.constantFrom(undefined, undefined, undefined, 0, 1, 5),
      size: fc.constantFrom(0, 0, 0, 300, 3_000),
      mark: fc.constantFrom('', '', '', '', '', 'big', 'bad', 'odd'),
    }),
  },
  pass: { weight: 25, of: fc.record({ ms: fc.constantFrom(0, 1, 3, 20, 100, 1_000, 5_000, 31_000) }) },
  misbehave: {
    weight: 12,
    of: fc.record({
      what: fc.constantFrom(...MISBEHAVIOURS),
      times: fc.integer({ min: 1, max: 6 }),
      topic: fc.option(topic, { nil: undefined }),
    }),
  },
  connects: {
    weight: 4,
    of: fc.record({ how: fc.constantFrom('answered', 'refused', 'silent', 'late') }),
  },
  closes: { weight: 1, of: fc.record({ how: fc.constantFrom('answered', 'silent') }) },
  latency: { weight: 2, of: fc.record({ ms: fc.constantFrom(0, 1, 30, 500) }) },
  topic: {
    weight: 4,
    of: fc.record({
      topic,
      what: fc.constantFrom('isMissing', 'isRefused', 'refusesKeyless', 'refusesOld'),
      is: fc.boolean(),
    }),
  },
  partition: {
    weight: 6,
    of: fc.record({
      topic,
      partition: fc.nat(3),
      what: fc.constantFrom('leaderless', 'unreachable'),
      is: fc.boolean(),
    }),
  },
  partitions: { weight: 2, of: fc.record({ topic, by: fc.constantFrom(1, 1, 2, -1) }) },
  heal: { weight: 3, of: nothing },
  flush: { weight: 3, of: fc.record({ slot, timeoutMs: fc.constantFrom(10, 1_000, 60_000) }) },
  signal: { weight: 1, of: onSlot },
  release: { weight: 1, of: onSlot },
  close: { weight: 2, of: onSlot },
  reopen: { weight: 2, of: onSlot },
  giveUp: { weight: 2, of: onSlot },
  /** The process ends in good order. */
  exit: { weight: 2, of: onSlot },
  /** The same for a signal that it outlives. */
  survive: { weight: 2, of: onSlot },
  crash: { weight: 2, of: onSlot },
  diskFault: {
    weight: 2,
    of: fc.record({
      what: fc.constantFrom('write', 'open', 'read'),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  diskFull: { weight: 2, of: fc.record({ room: fc.constantFrom(0, 100, 1_000, 5_000) }) },
  diskMended: { weight: 2, of: nothing },
  registry: { weight: 2, of: fc.record({ is: fc.constantFrom('here', 'away', 'slow', 'sync') }) },
  clockSet: { weight: 1, of: fc.record({ by: fc.constantFrom(-3_600_000, -1_000, 3_600_000) }) },
};

type StepName = keyof typeof STEPS;
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
export type Step = {
  [Name in StepName]: { readonly do: Name } & ValueOf<(typeof STEPS)[Name]['of']>;
}[StepName];
export type StepOf<Name extends StepName> = Step & { readonly do: Name };

const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(STEPS).map(([name, { weight, of }]) => ({
    weight,
    arbitrary: (of as fc.Arbitrary<object>).map((value) => ({ do: name, ...value }) as Step),
  })),
);

export const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });

/** Whether the order of records with keys may not be kept by it. */
function mixesKeys(one: Step): boolean {
  // While no record gets through, the first that does may pass others.
  if (one.do === 'misbehave') return one.what === 'thrown' || one.what === 'type error';
  // What could not be read when it was taken over is sent later.
  return one.do === 'partitions' || (one.do === 'diskFault' && one.what === 'read');
}

/** The same of those without: they may go to another partition. */
function mixesKeyless(one: Step): boolean {
  if (one.do === 'misbehave') return one.what === 'not sent' || one.what === 'unnamed';
  // Where a record was sent cannot be noted on a disk that is full.
  if (one.do === 'diskFull' || one.do === 'diskFault') return true;
  return one.do === 'partition' || (one.do === 'topic' && one.what === 'isMissing');
}

/** Whether a step may be taken where an order is looked at. */
export function keepsOrder(one: Step, ordered: Shape['ordered']): boolean {
  if (ordered === 'none') return true;
  return !mixesKeys(one) && (ordered === 'keyed' || !mixesKeyless(one));
}

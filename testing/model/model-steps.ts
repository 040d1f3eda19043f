// What may happen in the model, drawn by fast-check.
import fc from 'fast-check';
import { MISBEHAVIOURS } from './model-broker.ts';
import type { ProcessShape } from './model-process.ts';

export const TOPICS = ['a', 'b', 'c'] as const;
export const KEYS = ['k0', 'k1', 'k2', 'k3'] as const;
/** How many processes there may be at a time. */
export const SLOTS = 2;

export interface Shape extends ProcessShape {
  readonly partitions: number;
  readonly slots: number;
  readonly seed: number;
  /** Of which records the order is kept whatever happens: nothing else happens then. */
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
  slots: fc.constantFrom(1, 1, 2),
  seed: fc.integer(),
  ordered: fc.constantFrom('all', 'keyed', 'none'),
});

const slot = fc.nat(SLOTS - 1);
const topic = fc.constantFrom(...TOPICS);
const partition = fc.nat(3);

const arbitraries = {
  log: fc.record({
    slot,
    records: fc.integer({ min: 1, max: 30 }),
    topics: fc.subarray([...TOPICS], { minLength: 1 }),
    keys: fc.constantFrom('none', 'some', 'all'),
    partition: fc.constantFrom(undefined, undefined, undefined, 0, 1, 5),
    size: fc.constantFrom(0, 0, 0, 300, 3_000),
    mark: fc.constantFrom('', '', '', '', '', 'big', 'bad', 'odd'),
  }),
  pass: fc.record({ ms: fc.constantFrom(0, 1, 3, 20, 100, 1_000, 5_000, 31_000) }),
  misbehave: fc.record({
    what: fc.constantFrom(...MISBEHAVIOURS),
    times: fc.integer({ min: 1, max: 6 }),
    topic: fc.option(topic, { nil: undefined }),
  }),
  connects: fc.record({ how: fc.constantFrom('answered', 'refused', 'silent', 'late') }),
  closes: fc.record({ how: fc.constantFrom('answered', 'silent') }),
  latency: fc.record({ ms: fc.constantFrom(0, 1, 30, 500) }),
  topic: fc.record({
    topic,
    what: fc.constantFrom('exists', 'isRefused', 'refusesKeyless', 'maxAge'),
    is: fc.boolean(),
  }),
  partition: fc.record({ topic, partition, what: fc.constantFrom('leaderless', 'unreachable'), is: fc.boolean() }),
  partitions: fc.record({ topic, by: fc.constantFrom(1, 1, 2, -1) }),
  heal: fc.record({}),
  flush: fc.record({ slot, timeoutMs: fc.constantFrom(10, 1_000, 60_000) }),
  signal: fc.record({ slot }),
  release: fc.record({ slot }),
  close: fc.record({ slot }),
  reopen: fc.record({ slot }),
  giveUp: fc.record({ slot }),
  exit: fc.record({ slot }),
  survive: fc.record({ slot }),
  crash: fc.record({ slot }),
  diskFault: fc.record({ what: fc.constantFrom('write', 'open', 'read'), times: fc.integer({ min: 1, max: 4 }) }),
  diskFull: fc.record({ room: fc.constantFrom(0, 100, 1_000, 5_000) }),
  diskMended: fc.record({}),
  registry: fc.record({ is: fc.constantFrom('here', 'away', 'slow', 'sync') }),
  clockSet: fc.record({ by: fc.constantFrom(-3_600_000, -1_000, 3_600_000) }),
} as const satisfies Record<string, fc.Arbitrary<object>>;

export type StepName = keyof typeof arbitraries;
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
export type Step = { [Name in StepName]: { readonly do: Name } & ValueOf<(typeof arbitraries)[Name]> }[StepName];

const WEIGHTS: Record<StepName, number> = {
  log: 30,
  pass: 25,
  misbehave: 12,
  connects: 4,
  closes: 1,
  latency: 2,
  topic: 4,
  partition: 6,
  partitions: 2,
  heal: 3,
  flush: 3,
  signal: 1,
  release: 1,
  close: 2,
  reopen: 2,
  giveUp: 2,
  exit: 2,
  survive: 2,
  crash: 2,
  diskFault: 2,
  diskFull: 2,
  diskMended: 2,
  registry: 2,
  clockSet: 1,
};

const step: fc.Arbitrary<Step> = fc.oneof(
  ...(Object.keys(arbitraries) as StepName[]).map((name) => ({
    weight: WEIGHTS[name],
    arbitrary: (arbitraries[name] as fc.Arbitrary<object>).map((value) => ({ do: name, ...value }) as Step),
  })),
);

/** Whether the order of records with keys may not be kept by it. */
function mixesKeys(step: Step): boolean {
  if (step.do === 'misbehave') return step.what === 'thrown' || step.what === 'type error';
  return step.do === 'partitions' || (step.do === 'diskFault' && step.what === 'read');
}

/** The same of those without. */
function mixesKeyless(step: Step): boolean {
  if (step.do === 'misbehave') return step.what === 'not sent' || step.what === 'unnamed';
  // Where a record was sent cannot be noted on a disk that is full.
  if (step.do === 'diskFull' || step.do === 'diskFault') return true;
  return step.do === 'partition' || (step.do === 'topic' && step.what === 'exists');
}

/** Whether a step may be taken where an order is kept. */
export function keepsOrder(step: Step, ordered: Shape['ordered']): boolean {
  if (ordered === 'none') return true;
  return !mixesKeys(step) && (ordered === 'keyed' || !mixesKeyless(step));
}

export const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });

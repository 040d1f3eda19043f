// What is to happen in one schedule, drawn from its seed: the cluster, the traffic and the faults, in order.
import type { OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import { ERROR, type FaultAction } from '../broker/broker-cluster.ts';
import { SeededRandom } from './random.ts';

/** How a transport's life can end. The next transport has the same spool. */
export type Ending = 'close' | 'runs dry' | 'process.exit' | 'SIGKILL';

/** So many records, and then the end, before they are sent; of its process, too, but for `close`. */
export interface Exit {
  readonly do: 'exit';
  readonly how: Ending;
  readonly records: number;
}

export type Step =
  | { readonly do: 'log'; readonly records: number }
  /** Lets so many sends reach the brokers, or a moment pass, before the next step. */
  | { readonly do: 'wait'; readonly sends: number }
  | { readonly do: 'poison' }
  | { readonly do: 'kill'; readonly broker: number }
  | { readonly do: 'start'; readonly broker: number }
  | { readonly do: 'freeze' }
  | { readonly do: 'thaw' }
  | { readonly do: 'move'; readonly partition: number; readonly to: number }
  | { readonly do: 'misbehave'; readonly times: number; readonly action: FaultAction }
  | { readonly do: 'add partitions'; readonly total: number }
  | { readonly do: 'delete topic' }
  | { readonly do: 'create topic' }
  /** The topic of some of the records, which nobody has made until now. */
  | { readonly do: 'create missing topic' }
  | { readonly do: 'flush'; readonly timeoutMs: number }
  | { readonly do: 'remove and add' }
  | Exit;

export type SpoolMode = 'none' | 'overflow' | 'always';

export interface Schedule {
  readonly seed: number;
  readonly brokers: number;
  readonly partitions: number;
  readonly keyed: boolean;
  readonly idempotent: boolean;
  readonly batchRecords: number;
  /** What memory may hold; small ones have to shed. */
  readonly bufferRecords: number;
  /** With `drop-lowest`, levels are mixed. */
  readonly overflow: OverflowPolicy;
  readonly spool: SpoolMode;
  /** Whether some of the records are for a topic that is made late: with a spool, they must not hold the others up. */
  readonly hasMissingTopic: boolean;
  readonly steps: readonly Step[];
}

const STORED_OR_NOT: readonly [number, ...number[]] = [
  ERROR.NOT_LEADER_OR_FOLLOWER,
  ERROR.NOT_ENOUGH_REPLICAS,
  ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ERROR.REQUEST_TIMED_OUT,
  ERROR.LEADER_NOT_AVAILABLE,
  ERROR.KAFKA_STORAGE_ERROR,
  ERROR.CORRUPT_MESSAGE,
];

// What SIGKILL leaves of memory only 'always' has on disk.
const ENDINGS: Record<Exclude<SpoolMode, 'none'>, readonly [Ending, ...Ending[]]> = {
  overflow: ['close', 'runs dry', 'process.exit'],
  always: ['close', 'runs dry', 'process.exit', 'SIGKILL'],
};

// What came later is drawn apart, so that a seed that draws none of it means what it did before: with this number, so do
// those that soak.spec.ts keeps for what they have found.
const APART = 120;

// The same for what gives way; with this number, all kept seeds have the default.
const APART_AGAIN = 55948;

// And for the topic that is missing.
const APART_ONCE_MORE = 7115;

export function drawSchedule(seed: number): Schedule {
  const random = new SeededRandom(seed);
  const brokers = random.integer(1, 3);
  const partitions = random.integer(1, 6);
  const shape = {
    seed,
    brokers,
    partitions,
    keyed: random.chance(0.5),
    idempotent: random.chance(0.5),
    batchRecords: random.pick([1, 7, 25, 100]),
    bufferRecords: random.pick([50, 10_000, 10_000]),
  };
  const steps: Step[] = [];
  const faults = random.integer(5, 20);
  for (let n = 0; n < faults; n++) {
    steps.push({ do: 'log', records: random.integer(1, 60) });
    if (random.chance(0.5)) steps.push({ do: 'wait', sends: random.integer(1, 5) });
    steps.push(...drawFault(random, brokers, partitions));
  }
  steps.push({ do: 'log', records: random.integer(1, 60) });
  const overflow = new SeededRandom(seed ^ APART_AGAIN).pick<OverflowPolicy>([
    'drop-oldest',
    'drop-newest',
    'drop-lowest',
    'drop-lowest',
  ]);
  return withMissingTopic({ ...shape, overflow, hasMissingTopic: false, ...drawLater(seed, steps) });
}

function withMissingTopic(schedule: Schedule): Schedule {
  const random = new SeededRandom(schedule.seed ^ APART_ONCE_MORE);
  if (schedule.spool === 'none' || !random.chance(0.4)) return schedule;
  const steps = [...schedule.steps];
  // In the last life, or in one before.
  steps.splice(random.integer(steps.length >> 1, steps.length), 0, { do: 'create missing topic' });
  return { ...schedule, hasMissingTopic: true, steps };
}

function drawLater(seed: number, faults: readonly Step[]): Pick<Schedule, 'spool' | 'steps'> {
  const random = new SeededRandom(seed ^ APART);
  const spool = random.pick<SpoolMode>(['none', 'overflow', 'always']);
  const steps = [...faults];
  const insert = (...some: Step[]): void => void steps.splice(random.integer(1, steps.length), 0, ...some);
  if (random.chance(0.2)) {
    const meanwhile: Step = { do: 'log', records: random.integer(1, 60) };
    const wait: Step = { do: 'wait', sends: random.integer(1, 5) };
    insert({ do: 'delete topic' }, meanwhile, wait, { do: 'create topic' });
  }
  if (spool === 'none') return { spool, steps };
  for (let exits = random.integer(1, 3); exits > 0; exits--) {
    insert({ do: 'exit', how: random.pick(ENDINGS[spool]), records: random.integer(1, 60) });
  }
  return { spool, steps };
}

function drawFault(random: SeededRandom, brokers: number, partitions: number): Step[] {
  const meanwhile = (): Step => ({ do: 'log', records: random.integer(1, 60) });
  const wait = (): Step => ({ do: 'wait', sends: random.integer(1, 5) });
  const broker = random.integer(0, brokers - 1);
  const draw = random.pick<() => Step[]>([
    () => [{ do: 'kill', broker }, meanwhile(), wait(), { do: 'start', broker }],
    () => [{ do: 'freeze' }, meanwhile(), wait(), { do: 'thaw' }],
    () => [{ do: 'move', partition: random.integer(0, partitions - 1), to: broker }],
    () => [{ do: 'misbehave', times: random.integer(1, 4), action: drawMisbehaviour(random) }],
    () => [{ do: 'misbehave', times: random.integer(1, 4), action: drawMisbehaviour(random) }],
    () => [{ do: 'misbehave', times: random.integer(1, 4), action: drawMisbehaviour(random) }],
    () => [{ do: 'poison' }],
    () => [{ do: 'add partitions', total: partitions + random.integer(1, 3) }],
    () => [{ do: 'flush', timeoutMs: random.integer(1, 100) }],
    () => [{ do: 'remove and add' }],
  ]);
  return draw();
}

function drawMisbehaviour(random: SeededRandom): FaultAction {
  const at = random.pick(['before-store', 'after-store'] as const);
  return random.pick<() => FaultAction>([
    () => ({ cut: at }),
    () => ({ silent: at }),
    () => ({ error: random.pick(STORED_OR_NOT) }),
    () => ({ delay: random.integer(1, 400), at }),
    () => ({ throttle: random.integer(1, 50) }),
  ])();
}

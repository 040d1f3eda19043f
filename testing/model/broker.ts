// Kafka, as far as a producer sees it: topics with partitions that keep what they are sent, and faults on demand.

export const MISBEHAVIOURS = [
  'refused for now',
  'stored and refused',
  'answered with an error',
  'cut before',
  'cut after',
  'silent before',
  'silent after',
  'not sent',
  'disconnected',
  'unnamed',
  'out of sequence',
  'thrown',
  'type error',
  'slow',
] as const;

/** What becomes of a send that goes wrong. */
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

/** A record that reached a partition. */
export interface Stored {
  readonly topic: string;
  readonly partition: number;
  readonly id: number;
}

// `message.timestamp.before.max.ms` of a topic that refuses old records.
const MAX_AGE_MS = 3_000;

export class ModelTopic {
  partitions: number;
  isMissing = false;
  /** The right to write to it has been taken away. */
  isRefused = false;
  /** It is compacted. */
  refusesKeyless = false;
  refusesOld = false;
  readonly leaderless = new Set<number>();
  /** Their broker cannot be reached. */
  readonly unreachable = new Set<number>();
  readonly #least: number;

  constructor(partitions: number) {
    this.partitions = partitions;
    this.#least = partitions;
  }

  get writable(): number[] {
    return Array.from({ length: this.partitions }, (_, at) => at).filter((at) => !this.leaderless.has(at));
  }

  /** Whether it takes no record of this age in milliseconds. */
  isTooOld(ageMs: number): boolean {
    return this.refusesOld && ageMs > MAX_AGE_MS;
  }

  heal(): void {
    this.partitions = Math.max(this.partitions, this.#least);
    this.isMissing = false;
    this.isRefused = false;
    this.refusesKeyless = false;
    this.refusesOld = false;
    this.leaderless.clear();
    this.unreachable.clear();
  }
}

interface Fault {
  readonly what: Misbehaviour;
  /** Nothing for any. */
  readonly topic: string | undefined;
  times: number;
}

export class ModelBroker {
  readonly topics: ReadonlyMap<string, ModelTopic>;
  readonly stored: Stored[] = [];
  readonly #ids = new Set<number>();
  /** Batches of idempotent producers, by their numbers. */
  readonly #known = new Set<string>();
  #faults: Fault[] = [];
  connects: 'answered' | 'refused' | 'silent' | 'late' = 'answered';
  closes: 'answered' | 'silent' = 'answered';
  /** Milliseconds that each of request and answer take. */
  latency = 1;
  /** Whether the codec takes any record by now. */
  encodesAll = false;

  constructor(topics: readonly string[], partitions: number) {
    this.topics = new Map(topics.map((topic) => [topic, new ModelTopic(partitions)]));
  }

  topic(name: string): ModelTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new Error(`no record is for a topic "${name}"`);
    return topic;
  }

  misbehave(what: Misbehaviour, times: number, topic: string | undefined): void {
    this.#faults.push({ what, times, topic });
  }

  /** What goes wrong with the next send to a topic. */
  next(topic: string): Misbehaviour | undefined {
    const fault = this.#faults.find((one) => one.topic === undefined || one.topic === topic);
    if (fault === undefined) return undefined;
    fault.times--;
    this.#faults = this.#faults.filter(({ times }) => times > 0);
    return fault.what;
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.#faults = [];
    this.connects = 'answered';
    this.closes = 'answered';
    this.latency = 1;
    for (const topic of this.topics.values()) topic.heal();
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** @param numbers of an idempotent producer: the same batch is stored once */
  store(topic: string, partition: number, ids: readonly number[], numbers?: string): void {
    const batch = `${numbers} ${topic} ${partition} ${ids.join()}`;
    if (numbers !== undefined && this.#known.has(batch)) return;
    this.#known.add(batch);
    for (const id of ids) {
      this.stored.push({ topic, partition, id });
      this.#ids.add(id);
    }
  }
}

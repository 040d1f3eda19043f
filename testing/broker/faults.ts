// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Misbehaviour on command: the queue of faults, and what they come to for one request.
import type { ApiName } from './apis.ts';

export type Moment = 'before-store' | 'after-store';

export type FaultAction =
  /** Answer this error instead of doing the work: per partition where the API has partitions. */
  | { readonly error: number; readonly partitions?: readonly number[] }
  /** Work or answer (default: answer) this much later. */
  | { readonly delay: number; readonly at?: Moment }
  /** Destroy the socket. */
  | { readonly cut: Moment }
  /** Never answer this request; later requests on the connection are served. */
  | { readonly silent: Moment }
  /** Work or answer (default: answer) when the promise has settled. */
  | { readonly hold: Promise<unknown>; readonly at?: Moment }
  /** throttleTimeMs of the answer. */
  | { readonly throttle: number };

export interface Target {
  readonly topic: string;
  /** null: the API speaks of the topic as a whole (Metadata). */
  readonly partition: number | null;
  /** Produce only: how many records the request carries for the partition. */
  readonly records?: number;
}

export interface BrokerRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly broker: number;
  readonly connection: number;
  readonly clientId: string | null;
  readonly at: number;
  readonly targets: readonly Target[];
}

export interface FaultSpec {
  readonly api: ApiName;
  readonly broker?: number;
  readonly topic?: string;
  readonly partition?: number;
  /** How many requests it hits; default 1, Infinity for all. */
  readonly times?: number;
  readonly when?: (request: BrokerRequest) => boolean;
  readonly action: FaultAction;
}

export interface FaultHandle {
  /** How many requests it has hit. */
  readonly hits: number;
  remove(): void;
}

/** What the faults come to for one request: the first matching fault of each kind, errors one per partition. */
export class FaultEffect {
  throttle = 0;
  cut: Moment | null = null;
  silent: Moment | null = null;
  readonly waits: { at: Moment; until: number | Promise<unknown> }[] = [];
  readonly #errors = new Map<string, number>();

  /** The error of the request as a whole, of a topic as a whole, or of one partition; 0 without one. */
  errorOf(topic = '', partition?: number): number {
    const ofPartition = partition === undefined ? undefined : this.#errors.get(`${topic}/${partition}`);
    return ofPartition ?? this.#errors.get(`${topic}/`) ?? 0;
  }

  /** False when an earlier fault has already decided all that this one would. */
  take(fault: FaultSpec, request: BrokerRequest): boolean {
    const { action } = fault;
    if ('error' in action) return this.#takeError(action, fault, request);
    if ('throttle' in action)
      return this.#takeOnce(this.throttle === 0, () => (this.throttle = action.throttle));
    if ('cut' in action) return this.#takeOnce(this.cut === null, () => (this.cut = action.cut));
    if ('silent' in action) return this.#takeOnce(this.silent === null, () => (this.silent = action.silent));
    const until = 'delay' in action ? action.delay : action.hold;
    const isFirst = this.waits.every((wait) => typeof wait.until !== typeof until);
    return this.#takeOnce(isFirst, () => this.waits.push({ at: action.at ?? 'after-store', until }));
  }

  #takeOnce(isFirst: boolean, apply: () => void): boolean {
    if (isFirst) apply();
    return isFirst;
  }

  #takeError(
    action: { readonly error: number; readonly partitions?: readonly number[] },
    fault: FaultSpec,
    request: BrokerRequest,
  ): boolean {
    const before = this.#errors.size;
    // Metadata has no error of its own: asked about no topic at all, it can only succeed.
    if (request.targets.length === 0 && request.api !== 'Metadata') this.#claim('/', action.error);
    for (const target of request.targets) {
      if (!hits(fault, target)) continue;
      const wanted = fault.partition === undefined ? action.partitions : [fault.partition];
      if (target.partition === null) {
        for (const partition of wanted ?? ['']) this.#claim(`${target.topic}/${partition}`, action.error);
      } else if (wanted === undefined || wanted.includes(target.partition)) {
        this.#claim(`${target.topic}/${target.partition}`, action.error);
      }
    }
    return this.#errors.size > before;
  }

  #claim(key: string, error: number): void {
    if (!this.#errors.has(key)) this.#errors.set(key, error);
  }
}

const hits = (fault: FaultSpec, target: Target): boolean =>
  (fault.topic === undefined || fault.topic === target.topic) &&
  (fault.partition === undefined || target.partition === null || fault.partition === target.partition);

function matches(fault: FaultSpec, request: BrokerRequest): boolean {
  if (fault.api !== request.api) return false;
  if (fault.broker !== undefined && fault.broker !== request.broker) return false;
  const isTargeted = fault.topic !== undefined || fault.partition !== undefined;
  if (isTargeted && !request.targets.some((target) => hits(fault, target))) return false;
  return fault.when === undefined || fault.when(request);
}

export class FaultQueue {
  readonly #faults = new Map<FaultSpec, { hits: number }>();

  add(spec: FaultSpec): FaultHandle {
    // A copy is the key: the same spec object may be injected twice.
    const fault = { ...spec };
    const count = { hits: 0 };
    this.#faults.set(fault, count);
    return {
      get hits() {
        return count.hits;
      },
      remove: () => {
        this.#faults.delete(fault);
      },
    };
  }

  judge(request: BrokerRequest): FaultEffect {
    const effect = new FaultEffect();
    for (const [fault, count] of this.#faults) {
      if (!matches(fault, request) || !effect.take(fault, request)) continue;
      count.hits += 1;
      if (count.hits >= (fault.times ?? 1)) this.#faults.delete(fault);
    }
    return effect;
  }
}

// The loop detector in front of a model of the sender, in virtual time: years of traffic in seconds.
import { type FoundLoop, LoopDetector } from '../../lib/loop-detector/loop-detector.ts';
import { SeededRandom } from '../../testing/soak/random.ts';

const BATCH_RECORDS = 500;
const BUFFER_RECORDS = 100_000;

interface Waiting {
  readonly at: number;
  readonly kind: string;
}

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** Virtual time, and what happens next in it, soonest first: a binary heap. Several services may share it. */
export class Agenda {
  readonly #heap: Due[] = [];
  now = 0;

  get next(): Due | undefined {
    return this.#heap[0];
  }

  add(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1];
      if (parent === undefined || parent.at <= due.at) break;
      heap[at] = parent;
    }
    heap[at] = due;
  }

  take(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const left = heap[child];
      const right = heap[child + 1];
      const isRight = right !== undefined && left !== undefined && right.at < left.at;
      const smaller = isRight ? right : left;
      if (smaller === undefined || smaller.at >= last.at) break;
      heap[at] = smaller;
      at = isRight ? child + 1 : child;
    }
    heap[at] = last;
    return first;
  }
}

export interface SimulationOptions {
  readonly seed: number;
  readonly lingerMs?: number;
  /** How long a send takes. */
  readonly sendMs?: number;
  readonly agenda?: Agenda;
}

export class Simulation {
  readonly random: SeededRandom;
  readonly found: FoundLoop[] = [];
  readonly lingerMs: number;
  readonly #sendMs: number;
  readonly #agenda: Agenda;
  readonly #detector: LoopDetector;
  #queue: Waiting[] = [];
  #busyUntil = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  sends = 0;
  sent = 0;
  kept = 0;
  /** The sends when the first loop was found. */
  sendsAtFirst: number | undefined;
  /** The longest that a record has waited, apart from its linger and the send before. */
  longestHoldMs = 0;
  heldMs = 0;
  /** Told of every record that is sent. */
  onSent: (kind: string) => void = () => undefined;

  constructor({ seed, lingerMs = 20, sendMs = 2, agenda = new Agenda() }: SimulationOptions) {
    this.#agenda = agenda;
    this.random = new SeededRandom(seed);
    this.lingerMs = lingerMs;
    this.#sendMs = sendMs;
    this.#detector = new LoopDetector({
      lingerMs,
      now: () => this.now,
      random: () => this.random.next(),
      onLoop: (loop) => {
        this.sendsAtFirst ??= this.sends;
        this.found.push(loop);
      },
    });
  }

  get now(): number {
    return this.#agenda.now;
  }

  after(ms: number, run: () => void): void {
    this.#agenda.add({ at: this.now + ms, run });
  }

  log(kind: string): void {
    if (this.#detector.wants(Math.floor(this.now)) && this.#detector.onArrival(kind)) {
      this.kept++;
      return;
    }
    this.#queue.push({ at: this.now, kind });
    this.#pump();
  }

  run(ms: number, until: () => boolean = () => false): void {
    const end = this.now + ms;
    while (!until()) {
      const next = this.#agenda.next;
      if (next === undefined || next.at > end) break;
      this.#agenda.take();
      this.#agenda.now = next.at;
      next.run();
    }
    if (!until()) this.#agenda.now = end;
  }

  #pump(): void {
    const first = this.#queue[0];
    if (first === undefined) return;
    const isFull = this.#queue.length >= BATCH_RECORDS;
    const due = Math.max(this.#busyUntil, isFull ? this.now : first.at + this.lingerMs);
    if (due > this.now) {
      this.#wake(due);
      return;
    }
    const until = this.#detector.pauseUntil(this.now, this.#queue.length <= BUFFER_RECORDS / 2);
    if (until > this.now) {
      this.#wake(until);
      return;
    }
    this.#send(due);
  }

  #send(due: number): void {
    const batch = this.#queue.splice(0, BATCH_RECORDS);
    const oldest = batch[0]?.at ?? this.now;
    this.longestHoldMs = Math.max(
      this.longestHoldMs,
      this.now - Math.max(oldest + this.lingerMs, this.#busyUntil),
    );
    this.heldMs += this.now - due;
    this.sends++;
    this.sent += batch.length;
    this.#detector.onSend(this.now, false, batch.length);
    this.#busyUntil = this.now + this.#sendMs;
    for (const { kind } of batch) this.onSent(kind);
    this.#pump();
  }

  /** Timers are late, by up to a millisecond. */
  #wake(at: number): void {
    if (this.#wakeAt <= at && this.#wakeAt > this.now) return;
    this.#wakeAt = at + this.random.next();
    this.#agenda.add({
      at: this.#wakeAt,
      run: () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#pump();
      },
    });
  }
}

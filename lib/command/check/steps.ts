import { onOneLine } from '../../client-log/line.ts';
import { messageOf } from '../../errors.ts';
import { systemClock } from '../../time/clock.ts';
import { withDeadline } from '../../time/deadline.ts';
import type { Screen } from '../screen.ts';

export type StepName =
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'api versions'
  | 'sasl'
  | 'advertised'
  | 'topic'
  | 'partitions'
  | 'in-sync replicas'
  | 'size limit'
  | 'write'
  | 'clock'
  | 'read back';

export interface Step {
  readonly name: StepName;
  /** `warning`: the transport would work, but not as well as it could. `skipped`: does not apply, or cannot be told. */
  readonly status: 'ok' | 'warning' | 'skipped' | 'failed';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A step has failed, and those after it make no sense. */
export class StepFailure extends Error {
  readonly step: StepName;
  readonly advice: string;

  constructor(step: StepName, detail: string, advice: string) {
    super(detail);
    this.step = step;
    this.advice = advice;
  }
}

const WIDTH = 'in-sync replicas'.length + 2;
const LOOKS = { ok: 'green', warning: 'yellow', skipped: 'grey', failed: 'red' } as const;

/** The steps of a check, shown as they are done. None begins, and none is added, after Ctrl-C. */
export class Steps {
  readonly all: Step[] = [];
  readonly #screen: Screen | undefined;
  readonly #ms: number;
  readonly #signal: AbortSignal;
  readonly #aborted: Promise<never>;

  /**
   * @param screen nothing: they are only kept
   * @param ms limit of one step
   * @param signal aborted by Ctrl-C
   */
  constructor(screen: Screen | undefined, ms: number, signal: AbortSignal) {
    this.#screen = screen;
    this.#ms = ms;
    this.#signal = signal;
    this.#aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    // Nobody may be waiting.
    this.#aborted.catch(() => undefined);
  }

  ok(name: StepName, detail: string): void {
    this.#add({ name, status: 'ok', detail });
  }

  skip(name: StepName, detail: string): void {
    this.#add({ name, status: 'skipped', detail });
  }

  warn(name: StepName, detail: string, advice: string): void {
    this.#add({ name, status: 'warning', detail, advice });
  }

  fail({ step: name, message: detail, advice }: StepFailure): void {
    this.#add({ name, status: 'failed', detail, advice });
  }

  /**
   * @param what what is begun, as in "<what> did not end within 5000 ms"
   * @throws when it fails, takes longer than a step may, or is interrupted
   */
  within<Result>(what: string, begin: () => Promise<Result>, ms: number = this.#ms): Promise<Result> {
    this.#signal.throwIfAborted();
    return withDeadline(Promise.race([begin(), this.#aborted]), ms, what, systemClock, true);
  }

  #add(step: Step): void {
    this.#signal.throwIfAborted();
    this.all.push(step);
    const { name, status, detail, advice } = step;
    const screen = this.#screen;
    screen?.line(
      `${screen.paint(LOOKS[status], status.padEnd(8))} ${name.padEnd(WIDTH)}${onOneLine(detail)}`,
    );
    if (advice !== undefined) screen?.line(`${' '.repeat(9 + WIDTH)}${onOneLine(advice)}`);
  }
}

/** The text of an error; of several addresses that were tried in turn, Node's has only a code. */
export function reasonOf(error: unknown): string {
  const { errors } = error as { errors?: unknown };
  return messageOf(Array.isArray(errors) && errors.length > 0 ? errors[0] : error);
}

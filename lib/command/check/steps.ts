import { messageOf } from '../../errors.ts';
import { systemClock } from '../../util/clock.ts';
import { withDeadline } from '../../util/deadline.ts';
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

/** The steps of a check, shown as they are done. */
export class Steps {
  readonly all: Step[] = [];
  readonly #screen: Screen | undefined;

  /** @param screen nothing: they are only kept */
  constructor(screen: Screen | undefined) {
    this.#screen = screen;
  }

  get hasFailed(): boolean {
    return this.all.some(({ status }) => status === 'failed');
  }

  add(step: Step): void {
    this.all.push(step);
    const { name, status, detail, advice } = step;
    const screen = this.#screen;
    screen?.line(`${screen.paint(LOOKS[status], status.padEnd(8))} ${name.padEnd(WIDTH)}${detail}`);
    if (advice !== undefined) screen?.line(`${' '.repeat(9 + WIDTH)}${advice}`);
  }

  fail(failure: StepFailure): void {
    const { step: name, message: detail, advice } = failure;
    this.add({ name, status: 'failed', detail, advice });
  }
}

/** @param what what the promise is of, as in "<what> did not end within 5000 ms" */
export function within<Result>(ms: number, what: string, promise: Promise<Result>): Promise<Result> {
  return withDeadline(promise, ms, what, systemClock, true);
}

/** The text of an error; of several addresses that were tried in turn, Node's has only a code. */
export function reasonOf(error: unknown): string {
  const { errors } = error as { errors?: unknown };
  return messageOf(Array.isArray(errors) && errors.length > 0 ? errors[0] : error);
}

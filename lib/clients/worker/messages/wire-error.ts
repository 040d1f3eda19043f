import { messageOf } from '../../../errors.ts';
import { isObject } from '../../../util/safely.ts';
import { refusedIndexesOf } from '../../refused-records.ts';

/** An error on its way to another thread. As it is, it would lose kafkajs's `name`, `type` and `code`. */
export interface WireError {
  readonly message: string;
  readonly name?: string | undefined;
  readonly stack?: string | undefined;
  readonly type?: string | undefined;
  readonly code?: string | number | undefined;
  readonly refusedIndexes?: number[] | undefined;
  readonly cause?: WireError | undefined;
}

// As deep as anybody looks (root-cause.ts).
const DEEPEST = 8;

/** Never throws, whatever it is given. */
export function toWire(error: unknown, depth: number = 0): WireError {
  const message = messageOf(error);
  try {
    if (isObject(error)) {
      const { name, stack, type, code, cause } = error;
      return {
        message,
        name: textOr(name),
        stack: textOr(stack),
        type: textOr(type),
        code: typeof code === 'number' ? code : textOr(code),
        refusedIndexes: refusedIndexesOf(error),
        cause: cause === undefined || depth >= DEEPEST ? undefined : toWire(cause, depth + 1),
      };
    }
  } catch {
    // A getter that throws: the message is what there is.
  }
  return { message };
}

export function fromWire({ message, cause, ...own }: WireError): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause: fromWire(cause) });
  const known = Object.entries(own).filter(([, value]) => value !== undefined);
  return Object.assign(error, Object.fromEntries(known));
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

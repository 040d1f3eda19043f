import { messageOf } from '../errors.ts';

const MAX_REASON = 100;

/** What was read; of what threw, the text that stands in its place. */
export type Read<Value> = { readonly value: Value } | { readonly threw: string };

/** Reads something of the application's, a getter or a `toJSON` say, that may throw. */
export function readSafely<Value>(read: () => Value): Read<Value> {
  try {
    return { value: read() };
  } catch (error) {
    return { threw: `[Unreadable: ${messageOf(error).slice(0, MAX_REASON)}]` };
  }
}

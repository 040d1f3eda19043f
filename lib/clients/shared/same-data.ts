import { isPlainObject } from '../../util/check-option.ts';
import { attempt } from '../../util/safely.ts';

/**
 * Whether two values are the very same, or plain data (objects, lists, bytes) with the very same in each place. What cannot be read to
 * its end, because a getter throws or it refers to itself, is not the same.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  return attempt(() => isSame(one, other)) === true;
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (!isPlainObject(one) || !isPlainObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

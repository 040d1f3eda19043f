import { isPlainObject, throwIfUnknown, throwInvalidOption } from '../util/check-option.ts';
import type { KafkaTransportOptions } from './kafka-transport-options.ts';
import { type CheckedOptions, OPTIONS } from './options-table.ts';
import { OPTION_NAMES } from './resolve.ts';

const UPDATABLE = ['level', 'filter', 'sample', 'rateLimit'] as const;

/** The options that can change while a transport runs. */
export type UpdatableOptions = {
  [Name in (typeof UPDATABLE)[number]]?: KafkaTransportOptions[Name] | undefined;
};

/**
 * Checks those that are named.
 *
 * @param levels the transport's option of that name, which a `filter` may use
 * @throws KafkaTransportError for a wrong value, and for an option that cannot change while the transport runs
 */
export function checkedUpdate(
  given: unknown,
  levels: unknown,
): Partial<Pick<CheckedOptions, keyof UpdatableOptions>> {
  if (!isPlainObject(given)) throwInvalidOption('options', `an object with ${UPDATABLE.join(', ')}`, given);
  for (const name of Object.keys(given)) {
    const isFixed = OPTION_NAMES.includes(name) && !UPDATABLE.some((updatable) => updatable === name);
    if (isFixed)
      throwInvalidOption(
        name,
        `left out: while a transport runs, only ${UPDATABLE.join(', ')} can change`,
        given[name],
      );
  }
  throwIfUnknown(given, UPDATABLE);
  const named = UPDATABLE.filter((name) => name in given);
  return Object.fromEntries(named.map((name) => [name, OPTIONS[name].check(name, given[name], { levels })]));
}

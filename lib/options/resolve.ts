import type { ClientOptions } from '../clients/client-source.ts';
import { isPlainObject, throwIfUnknown, throwInvalidOption } from '../util/check-option.ts';
import { meantBy } from './brought-names.ts';
import { resolveClient } from './client-options.ts';
import { type CheckedOptions, OPTIONS } from './options-table.ts';

/** The options with every default in place, checked. */
export interface ResolvedOptions extends Omit<CheckedOptions, 'client'> {
  /** What `kafka`, `client`, `kafkaModule`, `producer`, `worker` and so on come to. */
  readonly client: ClientOptions;
}

export const OPTION_NAMES: readonly string[] = Object.keys(OPTIONS);

/** What may stand one level too high: `brokers`, `lingerMs`. */
const NESTED_NAMES = Object.entries(OPTIONS).flatMap(([group, { names }]) =>
  names.map((name) => `${group}.${name}`),
);

/**
 * Checks the options and puts the defaults in.
 *
 * @throws KafkaTransportError that names the option, what was expected and what was given
 */
export function resolveOptions(options: unknown): ResolvedOptions {
  if (!isPlainObject(options))
    throwInvalidOption('options', 'an object with at least "topic" and "kafka"', options);
  throwIfUnknown(options, OPTION_NAMES, undefined, NESTED_NAMES, meantBy);
  const checked = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { check }]) => [name, check(name, options[name], options)]),
  ) as unknown as CheckedOptions;
  return Object.freeze<ResolvedOptions>({ ...checked, client: resolveClient(checked) });
}

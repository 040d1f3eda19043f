// What may be thrown for a record, and where in the record that is asked for: see fixtures/kafka-that-throws.mjs.
import type { KafkaTransportOptions } from '../../../lib/index.ts';

export const THROWN: readonly string[] = [
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'string',
  'undefined',
  'zlib',
];

type OptionsFor = (isBad: (message: string) => boolean, what: string) => Partial<KafkaTransportOptions>;

/** Where in the record that is encoded with `what` thrown. */
export const PLACES: Readonly<Record<string, OptionsFor>> = {
  value: () => ({}),
  key: (isBad, what) => ({ key: ({ message }) => (isBad(message) ? `throw: ${what}` : 'k') }),
  header: (isBad, what) => ({
    headers: ({ message }) => (isBad(message) ? { h: `throw: ${what}` } : undefined),
  }),
};

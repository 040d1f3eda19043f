/** What a producer that is handed in must have: kafkajs's names, which other engines do not share. */
const METHODS = ['connect', 'send', 'disconnect'] as const;

export const PRODUCER_RULE = 'an object with connect, send and disconnect';

/** What is wrong with something that should be a producer, in words that go on from "given was"; nothing if it is one. */
export function producerProblem(given: unknown): string | undefined {
  if (given === undefined || given === null) return String(given);
  if (typeof given !== 'object' && typeof given !== 'function') return `of type ${typeof given}`;
  const methods = given as Record<string, unknown>;
  const missing = METHODS.filter((name) => typeof methods[name] !== 'function');
  if (missing.length === 0) return undefined;
  if (typeof methods.then === 'function') return 'a promise (await it first)';
  const names =
    missing.length === 1 ? missing[0] : `${missing.slice(0, -1).join(', ')} and ${missing.at(-1)}`;
  const isOtherEngine = missing.length < METHODS.length;
  // @platformatic/kafka, for one, has `send`, connects by itself, and is closed by `close`.
  const hint = isOtherEngine
    ? " (of another engine than kafkajs? wrap it in an object that has kafkajs's three)"
    : '';
  return `${Array.isArray(given) ? 'an array' : 'an object'} without ${names}${hint}`;
}

// That the schema and the constructor agree is checked by `refused` and `expectTaken`, for each case of the other specs.
import { describe, expect, it } from 'vitest';
import { flagOf, Option, type Schema } from '../../lib/options/option-kinds.ts';
import { OPTIONS } from '../../lib/options/options-table.ts';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { optionsSchema } from '../../lib/options/schema.ts';
import { ENOUGH, expectTaken, refused } from './refused.ts';
import { isPlainData, isValid } from './schema-agrees.ts';

type Described = Record<string, Schema & { description: string; default?: unknown; properties: Described }>;

const properties = optionsSchema().properties as Described;
const FUNCTIONS_AND_OBJECTS_OF_CODE = [
  'producer',
  'client',
  'format',
  'key',
  'partition',
  'headers',
  'serialize',
  'fallback',
];

describe('the JSON schema of the options', () => {
  it('has all options of the table, but for those that no file can have', () => {
    const missing = Object.keys(OPTIONS).filter((name) => !(name in properties));
    expect(missing).toEqual(FUNCTIONS_AND_OBJECTS_OF_CODE);
    expect(Object.keys(properties).filter((name) => !(name in OPTIONS))).toEqual([]);
  });

  it('says what each means, and its default, in the words of the table', () => {
    for (const [name, { description, default: fallback }] of Object.entries(properties)) {
      const option = OPTIONS[name as keyof typeof OPTIONS];
      expect(description, name).not.toBe('');
      expect(description, name).not.toMatch(/\]\(/);
      expect(description.slice(0, 20), name).toBe(option.meaning.slice(0, 20));
      expect(fallback, name).toEqual(option.fallback);
    }
    expect(properties.worker?.description).toBe('runs the Kafka client in a worker thread (docs/worker.md)');
    expect(properties.batch?.properties.lingerMs).toEqual({
      type: 'integer',
      minimum: 0,
      maximum: 2_147_483_647,
      default: 20,
    });
  });

  it('has defaults that it takes itself', () => {
    const defaults = Object.entries(properties).filter(([, { default: fallback }]) => fallback !== undefined);
    expect(defaults.length).toBeGreaterThan(15);
    for (const [name, { default: fallback }] of defaults) expectTaken({ ...ENOUGH, [name]: fallback });
  });

  it('cannot be made with an option in the table that it knows nothing of', () => {
    const fresh = new Option((_, given) => given);
    expect(() => optionsSchema({ ...OPTIONS, fresh })).toThrow('has no schema of "fresh"');
    expect(() => optionsSchema({ ...OPTIONS, fresh: flagOf(true) })).not.toThrow();
  });
});

describe('the options of a file', () => {
  // What is beyond the cases of the other specs: what options mean for one another.
  it.each<[string, object]>([
    ['a module without a thread', { topic: 't', kafkaModule: './kafka.mjs' }],
    ['a module beside kafka', { ...ENOUGH, kafkaModule: './kafka.mjs', worker: true }],
    ['flags for no thread', { ...ENOUGH, workerOptions: { execArgv: [] } }],
    ['neither kafka nor a module', { topic: 't' }],
    ['no topic', { kafka: { brokers: 'a:1' } }],
    ['acks 1 with idempotent', { ...ENOUGH, idempotent: true, acks: 1 }],
    ['acks 0', { ...ENOUGH, acks: 0 }],
    ['an unknown option', { ...ENOUGH, $schema: './options.schema.json' }],
    ['an unknown option in a group', { ...ENOUGH, spool: { directory: 'x', path: 'y' } }],
    ['a spool without a directory', { ...ENOUGH, spool: { mode: 'always' } }],
    ['a level that winston does not have', { ...ENOUGH, filter: { '': 'chatty' } }],
    ['a function by its text', { ...ENOUGH, key: '(entry) => null' }],
  ])('%s is refused, by both', (_, options) => {
    expect(isPlainData(options)).toBe(true);
    expect(isValid(options)).toBe(false);
    refused(options);
  });

  it.each<[string, object]>([
    ['a module in a thread', { topic: 't', kafkaModule: './kafka.mjs', worker: true }],
    ['flags for a thread', { ...ENOUGH, worker: true, workerOptions: { execArgv: ['--no-warnings'] } }],
    ['acks -1 with idempotent', { ...ENOUGH, idempotent: true, acks: -1 }],
    ['acks 1 without idempotent', { ...ENOUGH, idempotent: false, acks: 1 }],
    ['levels of the own', { ...ENOUGH, levels: { chatty: 3 }, filter: { '': 'chatty' } }],
    ["kafkajs's own options", { topic: 't', kafka: { brokers: 'a:1', ssl: true, authenticationTimeout: 5 } }],
    ['no sasl, by an empty field', { topic: 't', kafka: { brokers: 'a:1', ssl: null, sasl: null } }],
    ['no sasl, by an empty variable', { topic: 't', kafka: { brokers: 'a:1', sasl: '' } }],
    ['no sasl, by a flag', { topic: 't', kafka: { brokers: 'a:1', ssl: false, sasl: false } }],
  ])('%s is taken, by both', (_, options) => {
    expect(isPlainData(options)).toBe(true);
    expectTaken(options);
  });

  it('a spool is taken, by both', () => {
    // A transport would make the directory.
    const options = { ...ENOUGH, spool: { directory: 'x', mode: 'always', maxBytes: 1_048_576 } };
    expect(isValid(options)).toBe(true);
    expect(() => resolveOptions(options)).not.toThrow();
  });
});

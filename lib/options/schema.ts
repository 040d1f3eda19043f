// The JSON schema of the options, for configuration in JSON or YAML. Only the build and the specs import this: it writes
// `dist/options.schema.json`.
import { CLIENT_LOG_LEVELS } from '../client-log/levels.ts';
import { COMPRESSION_TYPES, levelsOf } from '../clients/kafkajs/codecs.ts';
import { WINSTON_LEVELS } from '../loop-safety/filter/filter.ts';
import { NEVER_HANDLED } from '../process/signals.ts';
import { MAX_DELAY_MS } from '../time/clock.ts';
import { ADDRESS_PATTERN, ADDRESSES_PATTERN } from './broker-pattern.ts';
import { KAFKA_TIMEOUTS } from './client-options.ts';
import type { Option, Schema } from './option-kinds.ts';
import { OPTIONS } from './options-table.ts';

const MILLISECONDS: Schema = { type: 'integer', minimum: 1, maximum: MAX_DELAY_MS };
const TEXT: Schema = { type: 'string', minLength: 1 };

const ALL_LEVELS = Object.values(COMPRESSION_TYPES).flatMap((type) => levelsOf(type) ?? []);

/** A number for all levels, or by level. Errors are always kept. */
const perLevel = (number: Schema): readonly Schema[] => [
  number,
  {
    type: 'object',
    properties: { error: false, rate: false },
    additionalProperties: number,
    minProperties: 1,
  },
];
const SHARES = perLevel({ type: 'number', minimum: 0, maximum: 1 });
const COUNTS = perLevel({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const WHOLE_NUMBER: Schema = {
  type: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};

/** Functions and objects of code, which no file has. */
const LEFT_OUT = ['producer', 'client', 'format', 'serialize', 'key', 'partition', 'headers', 'fallback'];

/** Of options whose check is a function of their own, by path. */
const BY_PATH: Readonly<Record<string, Schema>> = {
  topic: { type: 'string', pattern: '^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}$' },
  // Of kafkajs's own options the constructor checks no others.
  kafka: {
    type: 'object',
    properties: {
      ...Object.fromEntries(OPTIONS.kafka.names.map((name) => [name, true])),
      ...Object.fromEntries(KAFKA_TIMEOUTS.map((name) => [name, MILLISECONDS])),
      clientId: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      brokers: {
        description: '`host:port`: a list, or one string with commas',
        anyOf: [
          { type: 'string', pattern: ADDRESSES_PATTERN },
          { type: 'array', items: { type: 'string', pattern: ADDRESS_PATTERN }, minItems: 1 },
        ],
      },
      ssl: { not: { type: 'string', minLength: 1 } },
      sasl: {
        anyOf: [
          { enum: [null, false, ''] },
          { type: 'object', properties: { mechanism: { type: 'string' } }, required: ['mechanism'] },
        ],
      },
      logCreator: false,
      socketFactory: false,
    },
    required: ['brokers'],
  },
  kafkaModule: TEXT,
  level: { type: 'string' },
  filter: {
    anyOf: [
      { type: 'string' },
      { type: 'object', additionalProperties: { anyOf: [{ type: 'boolean' }, { type: 'string' }] } },
    ],
  },
  sample: {
    anyOf: [
      ...SHARES,
      {
        type: 'object',
        properties: {
          rate: { anyOf: SHARES },
          by: { enum: ['record', 'fingerprint'] },
          seed: WHOLE_NUMBER,
        },
        required: ['rate'],
        additionalProperties: false,
      },
    ],
  },
  rateLimit: {
    anyOf: [
      COUNTS[0] ?? {},
      {
        type: 'object',
        properties: {
          maxRecords: { anyOf: COUNTS },
          perMs: MILLISECONDS,
          by: { enum: ['level', 'fingerprint'] },
        },
        required: ['maxRecords'],
        additionalProperties: false,
      },
    ],
  },
  redact: { type: 'array', items: TEXT, minItems: 1 },
  acks: { enum: [-1, 1] },
  compression: { enum: [...Object.keys(COMPRESSION_TYPES), ...Object.values(COMPRESSION_TYPES)] },
  // Which of them a codec has is said below.
  compressionLevel: { type: 'integer', minimum: Math.min(...ALL_LEVELS), maximum: Math.max(...ALL_LEVELS) },
  'retry.initialMs': MILLISECONDS,
  'retry.maxMs': MILLISECONDS,
  'retry.maxAgeMs': MILLISECONDS,
  // Which of them there are depends on the system.
  signals: {
    anyOf: [
      { const: false },
      { type: 'array', items: { type: 'string', pattern: '^SIG[A-Z0-9]+$', not: { enum: NEVER_HANDLED } } },
    ],
  },
  clientLog: {
    type: 'object',
    properties: { level: { enum: CLIENT_LOG_LEVELS } },
    additionalProperties: false,
  },
  'spool.directory': TEXT,
  workerOptions: {
    type: 'object',
    properties: { execArgv: { type: 'array', items: { type: 'string' } } },
    additionalProperties: false,
  },
  levels: { type: 'object', additionalProperties: { type: 'number' } },
};

const REQUIRED: Readonly<Record<string, readonly string[]>> = { spool: ['directory'] };

const has = (name: string, schema: Schema): Schema => ({
  properties: { [name]: schema },
  required: [name],
});
const WITH_A_THREAD = has('worker', { const: true });

const TABLE_OF_LEVELS: Schema = {
  type: 'object',
  additionalProperties: { enum: [true, false, ...WINSTON_LEVELS] },
};

/** Not with `if` and `then`: an object with a `then` is a promise to whoever awaits it. */
const implies = (condition: Schema, consequence: Schema): Schema => ({
  anyOf: [{ not: condition }, consequence],
});

/** Each codec that has levels, by its name and its number, with its own. */
const CODECS_WITH_LEVELS: readonly Schema[] = Object.entries(COMPRESSION_TYPES).flatMap(([name, type]) => {
  const [minimum, maximum] = levelsOf(type) ?? [];
  const compressionLevel = { type: 'integer', minimum, maximum };
  return minimum === undefined
    ? []
    : [{ properties: { compression: { enum: [name, type] }, compressionLevel } }];
});

/** What the options mean for one another. */
const TOGETHER: readonly Schema[] = [
  { oneOf: [{ required: ['kafka'] }, { required: ['kafkaModule'] }] },
  implies({ required: ['kafkaModule'] }, WITH_A_THREAD),
  implies({ required: ['workerOptions'] }, WITH_A_THREAD),
  implies(
    { required: ['compressionLevel'] },
    {
      properties: { fastPath: { const: true } },
      required: ['compression'],
      anyOf: CODECS_WITH_LEVELS,
    },
  ),
  implies(has('idempotent', { const: true }), { properties: { acks: { const: -1 } } }),
  {
    anyOf: [
      { required: ['levels'] },
      { properties: { filter: { anyOf: [{ type: 'string' }, TABLE_OF_LEVELS] } } },
    ],
  },
];

/** @throws Error for an option of the table that this file says nothing about */
export function optionsSchema(options: Readonly<Record<string, Option<unknown>>> = OPTIONS): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Options of KafkaTransport (winston-kafkajs)',
    ...membersOf(options, ''),
    required: ['topic'],
    allOf: TOGETHER,
  };
}

function membersOf(options: Readonly<Record<string, Option<unknown>>>, path: string): Schema {
  const names = Object.keys(options).filter((name) => !LEFT_OUT.includes(path + name));
  const properties = names.map((name) => [name, schemaOf(options[name] as Option<unknown>, path + name)]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

function schemaOf(option: Option<unknown>, path: string): Schema {
  const { meaning, fallback, members } = option;
  const required = REQUIRED[path];
  const schema = members === undefined ? (option.schema ?? BY_PATH[path]) : membersOf(members, `${path}.`);
  if (schema === undefined)
    throw new Error(`lib/options/schema.ts has no schema of "${path}", and does not leave it out`);
  return {
    ...(meaning !== '' && { description: withoutLinks(meaning) }),
    ...(fallback !== undefined && { default: fallback }),
    ...schema,
    ...(required !== undefined && { required }),
  };
}

/** `[spool](docs/spool.md)` is `docs/spool.md`. */
function withoutLinks(text: string): string {
  return text.replaceAll(/\[[^\]]*\]\(([^)]+)\)/g, '$1');
}

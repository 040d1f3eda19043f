import type { LogEntry, logCreator } from 'kafkajs';
import { type ClientLogOptions, sinkLogCreator } from '../../lib/client-log/console-only.ts';

export const LEVEL = { NOTHING: 0, ERROR: 1, WARN: 2, INFO: 4, DEBUG: 5 } as const;

/** An entry as kafkajs makes it (src/loggers/index.js). */
export function entry(
  level: keyof typeof LEVEL,
  message: string,
  extra: object = {},
  namespace = 'Connection',
): LogEntry {
  return {
    namespace,
    level: LEVEL[level] as LogEntry['level'],
    label: level,
    log: { timestamp: '2026-11-23T09:00:00.000Z', logger: 'kafkajs', message, ...extra },
  };
}

/** What is no log entry at all, given where one is due. */
export function hostile(value: unknown): LogEntry {
  return value as LogEntry;
}

/** A console-only creator on a clock and a console of the spec's own. */
export function setUpSink(options: ClientLogOptions = {}) {
  const clock = { now: Date.parse('2026-11-23T09:00:00.000Z') };
  const printed: string[] = [];
  const creator: logCreator = sinkLogCreator(options, {
    now: () => clock.now,
    print: (line) => printed.push(line),
  });
  return {
    clock,
    creator,
    log: creator(LEVEL.DEBUG as Parameters<logCreator>[0]),
    take: () => printed.splice(0),
  };
}

/** Entries that only a broken or hostile client gives. */
export const HOSTILE_ENTRIES: readonly [string, unknown][] = [
  ['null', null],
  ['undefined', undefined],
  ['a text', 'x'],
  ['a number', 1],
  ['an empty object', {}],
  ['no log', { level: 1, namespace: 'X' }],
  ['a log of null', { level: 1, log: null }],
  ['a message of null', { level: 1, log: { message: null } }],
  ['a circular message', { level: 1, log: { message: circular() } }],
  ['a BigInt', { level: 1, log: { message: 10n, size: 10n } }],
  ['a symbol', { level: 1, namespace: Symbol('n'), log: { message: Symbol('m'), s: Symbol('s') } }],
  ['a level that is no number', { level: 'ERROR', log: { message: 'm' } }],
  ['a level of NaN', { level: Number.NaN, log: { message: 'm' } }],
  [
    'a toString that throws',
    { level: 1, namespace: throwing(), log: { message: throwing(), x: throwing() } },
  ],
  [
    'an error whose message throws',
    { level: 1, log: { message: unreadableError(), error: unreadableError() } },
  ],
  ['getters that throw', withGetters()],
  ['a log of throwing getters', { level: 1, log: withGetters() }],
  ['a proxy that refuses', { level: 1, log: refusing() }],
  ['a proxy for an entry', refusing()],
  ['an own __proto__', { level: 1, log: JSON.parse('{"message":"m","__proto__":{"polluted":1}}') }],
];

function circular(): object {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

function throwing(): object {
  return {
    toString() {
      throw new Error('toString');
    },
  };
}

function unreadableError(): Error {
  return Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('message');
    },
  });
}

function withGetters(): object {
  const get = (): never => {
    throw new Error('getter');
  };
  const names = ['level', 'namespace', 'label', 'log', 'message', 'broker'];
  return Object.defineProperties(
    {},
    Object.fromEntries(names.map((name) => [name, { get, enumerable: true }])),
  );
}

function refusing(): object {
  const refuse = (): never => {
    throw new Error('trap');
  };
  return new Proxy(
    {},
    { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse },
  );
}

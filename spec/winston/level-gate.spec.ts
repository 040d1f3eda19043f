import { expect, it } from 'vitest';
import { type Info, LEVEL } from '../../lib/util/info.ts';
import { type Gate, type GateLogger, isWanted } from '../../lib/winston/level-gate.ts';

const LEVELS = { error: 0, info: 2, debug: 5 };
const infoOf = (level: string, fields: object = {}): Info => ({
  level,
  message: 'm',
  [LEVEL]: level,
  ...fields,
});

it.each<[string, string, Partial<Gate>, GateLogger | undefined, boolean]>([
  ['the level is its own', 'info', { level: 'info' }, undefined, true],
  ['the level is less severe than its own', 'debug', { level: 'info' }, { level: 'debug' }, false],
  ['it has no level, and the logger takes it', 'info', {}, { level: 'info' }, true],
  ['it has no level, and the logger does not take it', 'debug', {}, { level: 'info' }, false],
  ['there is no level at all', 'debug', {}, {}, true],
  ['the level is none of the logger', 'silly', { level: 'debug' }, { levels: LEVELS }, false],
  ['it is silent', 'error', { level: 'info', silent: true }, undefined, false],
])('where %s: %s', (_name, level, gate, logger, isTaken) => {
  expect(isWanted(infoOf(level), { levels: LEVELS, ...gate }, logger)).toBe(isTaken);
});

it.each<[string, object, Partial<Gate>, boolean]>([
  ['an exception', { exception: true }, { handleExceptions: true }, true],
  ['an exception', { exception: true }, {}, false],
  ['a rejection', { rejection: true }, { handleRejections: true }, true],
  ['a rejection', { rejection: true }, {}, false],
])('%s passes any level where the transport handles it: %j %j %s', (_name, fields, gate, isTaken) => {
  expect(isWanted(infoOf('debug', fields), { level: 'error', levels: LEVELS, ...gate }, undefined)).toBe(
    isTaken,
  );
});

it('an info that winston has not given its symbol yet has its level in `level`', () => {
  const gate: Gate = { level: 'info', levels: LEVELS };
  expect(
    [{ level: 'info' }, { level: 'debug' }, {}].map((info) => isWanted(info as Info, gate, undefined)),
  ).toEqual([true, false, false]);
});

it('an exception is left to those that handle it, though its level would pass', () => {
  expect(isWanted(infoOf('error', { exception: true }), { level: 'error', levels: LEVELS }, undefined)).toBe(
    false,
  );
});

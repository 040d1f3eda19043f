import { expect, it } from 'vitest';
import winston from 'winston';
import { matchLevels } from '../../lib/client-log/to-winston.ts';

const names = (text: string): Record<string, number> =>
  Object.fromEntries(text.split(' ').map((name, index) => [name, index]));

it.each<[string, Record<string, number>, string]>([
  ['npm', winston.config.npm.levels, 'error warn info debug'],
  ['syslog', winston.config.syslog.levels, 'error warning info debug'],
  ['cli', winston.config.cli.levels, 'error warn info debug'],
  ['pino-like', names('fatal error warn info trace'), 'error warn info trace'],
  ['upper case', names('AUDIT NOISE ERROR WARNING INFO DEBUG'), 'ERROR WARNING INFO DEBUG'],
  ['no warn', names('error audit chatter'), 'error audit audit chatter'],
  ['foreign', names('fatal schlimm heikel gut genau'), 'schlimm heikel gut genau'],
  ['foreign, not in order', { gut: 7, schlimm: 1 }, 'schlimm schlimm gut gut'],
  ['only one', names('audit'), 'audit audit audit audit'],
  ['only a fatal one', names('fatal'), 'fatal fatal fatal fatal'],
  ['none', {}, 'error warn info debug'],
])('%s levels are matched', (_name, levels, expected) => {
  const { error, warn, info, debug } = matchLevels(levels);
  expect([error, warn, info, debug].join(' ')).toBe(expected);
});

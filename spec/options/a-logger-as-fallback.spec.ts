// A logger has a `log`, so it was taken for a transport: its `log(info, callback)` reads the callback as the message, and what it was given was
// lost, and counted as handed on.
import { expect, it } from 'vitest';
import winston from 'winston';
import { ENOUGH, expectTaken, refused } from './refused.ts';

it('is refused', () => {
  const logger = winston.createLogger({ silent: true });
  for (const fallback of [logger, logger.child({})])
    expect(refused({ ...ENOUGH, fallback }).message).toContain(
      'option "fallback" must be a winston transport (not a logger) or a function',
    );
});

it('a transport is taken', () => expectTaken({ ...ENOUGH, fallback: new winston.transports.Console() }));

import { beforeEach, describe, expect, it } from 'vitest';
import winston from 'winston';
import { guardSync, isGuarded } from '../../lib/loop-safety/guard.ts';
import type { Info } from '../../lib/util/info.ts';
import { type TapUser, tap, untap } from '../../lib/winston/logger-tap.ts';
import { markOf } from '../../lib/winston/mark.ts';
import { isTappable, rootOf, type TappableLogger } from '../../lib/winston/tappable-logger.ts';
import { Collecting, Slow } from '../support/harness.ts';

const MARK = Symbol.for('winston-kafkajs.mark.4');

let sibling: Collecting;
let logger: winston.Logger;
let root: TappableLogger;

function use(wanted: Partial<TapUser> = {}): TapUser {
  return { wantsSite: () => false, wantsLogger: () => false, ...wanted };
}

function reset(transport: Collecting = new Collecting()): void {
  sibling = transport;
  const format = winston.format((info) => info)();
  logger = winston.createLogger({ level: 'silly', format, transports: [sibling] });
  root = logger as unknown as TappableLogger;
}

const marks = (): unknown[] => sibling.infos.map((info) => markOf(info as Info));

beforeEach(() => reset());

describe('tap', () => {
  it('marks what is logged under the flag, and nothing else', () => {
    tap(root, use());
    logger.info('one');
    guardSync(() => logger.info('two'));
    logger.info('three');
    expect(sibling.infos.map((info) => markOf(info as Info)?.isReentrant)).toEqual([
      undefined,
      true,
      undefined,
    ]);
  });

  it('reads the flag at the call, whenever the record is delivered', async () => {
    const slow = new Slow();
    reset(slow);
    tap(root, use());
    for (let count = 0; count < 40; count++) {
      logger.info('innocent');
      guardSync(() => logger.child({ a: 1 }).info('guarded'));
    }
    await slow.has(80);
    for (const info of slow.infos) {
      expect(markOf(info as Info)?.isReentrant === true).toBe(info.message === 'guarded');
    }
  });

  it('notes the call site and the logger for whoever wants them', () => {
    tap(root, use());
    tap(root, use({ wantsSite: (info) => info.message === 'sited' }));
    tap(root, use({ wantsLogger: () => true }));
    (function here() {
      logger.info('sited');
      logger.child({ a: 1 }).info('not sited');
    })();
    const [first, second] = sibling.infos.map((info) => markOf(info as Info));
    expect(first?.site?.function).toBe('here');
    expect(first?.logger).toBe(logger);
    expect(second).toMatchObject({ isReentrant: false, site: undefined, logger });
  });

  it('marks copies: of what is re-entrant, of what is marked already, and of what cannot take a mark', () => {
    tap(root, use({ wantsLogger: () => true }));
    const object = { level: 'info', message: 'm' };
    guardSync(() => logger.log(object));
    expect(Object.hasOwn(object, MARK)).toBe(false);
    logger.log(object);
    logger.log(object);
    logger.write(Object.freeze({ ...object, [Symbol.for('level')]: 'info' }));
    expect(new Set(sibling.infos).size).toBe(4);
    expect(marks()).toMatchObject([{ isReentrant: true }, { logger }, { logger }, { logger }]);
  });

  it("takes another logger's mark off where nobody wants one", () => {
    tap(root, use());
    logger.write({
      level: 'info',
      message: 'm',
      [Symbol.for('level')]: 'info',
      [MARK]: { isReentrant: false, site: undefined, logger: {} },
    });
    expect(marks()).toEqual([undefined]);
  });

  it('delivers a re-entrant record under the flag, and the next one not', () => {
    const seen: [unknown, boolean][] = [];
    const noting = new Collecting();
    noting.log = ({ message }, next): void => {
      seen.push([message, isGuarded()]);
      // Mid-write: these two wait until this one has been delivered.
      if (message === 'one') {
        guardSync(() => logger.info('two'));
        logger.info('three');
      }
      next();
    };
    reset(noting);
    tap(root, use());
    logger.info('one');
    expect(seen).toEqual([
      ['one', false],
      ['two', true],
      ['three', false],
    ]);
  });

  it('goes on logging when a user of it throws', () => {
    tap(
      root,
      use({
        wantsSite: () => {
          throw new Error('no');
        },
      }),
    );
    logger.info('one');
    expect(sibling.messages).toEqual(['one']);
  });

  it('passes on what is no info', () => {
    tap(root, use());
    expect(() => guardSync(() => logger.write('text'))).toThrow(TypeError);
    logger.end();
  });
});

describe('untap', () => {
  it('leaves the logger as it was once the last user has gone, through a child or not', () => {
    const users = [use(), use()] as const;
    const child = logger.child({ a: 1 }) as unknown as TappableLogger;
    tap(root, users[0]);
    tap(child, users[1]);
    untap(root, users[1]);
    expect(Object.hasOwn(logger, 'write')).toBe(true);
    untap(child, users[0]);
    for (const name of ['write', '_transform', 'push']) expect(Object.hasOwn(logger, name)).toBe(false);
  });

  it('of a logger that is not tapped does nothing', () => {
    untap(root, use());
    expect(Object.hasOwn(logger, 'write')).toBe(false);
  });

  it('leaves a wrapper of ours that is buried under another as a mere passage', () => {
    const user = use();
    tap(root, user);
    const found = logger.write;
    const theirs = (...args: unknown[]): unknown => Reflect.apply(found, logger, args);
    Object.assign(logger, { write: theirs });
    untap(root, user);
    expect(logger.write).toBe(theirs);
    guardSync(() => logger.info('one'));
    expect(marks()).toEqual([undefined]);
  });
});

describe('a write that somebody else has wrapped and unwrapped', () => {
  it('does not let the wrappers pile up', () => {
    const user = use();
    tap(root, user);
    let deepest = 0;
    for (let count = 0; count < 50; count++) {
      const found = logger.write;
      const theirs = (...args: unknown[]): unknown => Reflect.apply(found, logger, args);
      Object.assign(logger, { write: theirs });
      logger.info('wrapped');
      Object.assign(logger, { write: found });
      guardSync(() => logger.info('guarded'));
      logger.info('unwrapped');
    }
    sibling.log = (info, next): void => {
      const lines = new Error('here').stack?.split('\n').filter((line) => line.includes('logger-tap'));
      deepest = lines?.length ?? 0;
      next();
      sibling.infos.push(info);
    };
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 500;
    logger.info('at last');
    Error.stackTraceLimit = limit;
    expect(deepest).toBeLessThan(12);
    untap(root, user);
    expect(Object.hasOwn(logger, 'write')).toBe(false);
  });
});

describe('isTappable', () => {
  it('is so for loggers and their children, not for other streams', () => {
    expect([logger, logger.child({}), new Collecting(), {}, null, undefined].map(isTappable)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('rootOf', () => {
  it('is the logger that a child of a child goes back to, and otherwise the thing itself', () => {
    expect(rootOf(logger.child({}).child({}))).toBe(logger);
    const other = {};
    expect(rootOf(other)).toBe(other);
  });
});

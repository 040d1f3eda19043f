import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardSync } from '../../lib/loop-safety/guard.ts';
import { Distribution } from '../../lib/observe/distribution.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import { type Info, LEVEL, type Levels } from '../../lib/util/info.ts';
import { CrashHandler } from '../../lib/winston/crash-handler.ts';
import { LevelCheck } from '../../lib/winston/level-check.ts';
import { type Mark, REENTRANT, withMark } from '../../lib/winston/mark.ts';
import { type Parent, Parents } from '../../lib/winston/parents.ts';
import { Receiver, type ReceiverParts } from '../../lib/winston/receiver.ts';
import { startTracing } from '../record/headers/sdk.ts';
import { HeldClock } from '../sender/rig.ts';

const BOOM = new Error('boom');
const LEVELS: Levels = { error: 0, info: 2, debug: 5 };
const OTHERS: Levels = { info: 7 };
const SPAN = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

const infoOf = (fields: object = {}): Info => ({ level: 'info', message: 'm', [LEVEL]: 'info', ...fields });

const markOf = (fields: Partial<Mark> = {}): Mark => ({
  ...{ isReentrant: false, isUnreported: false, site: undefined, logger: undefined, span: undefined },
  ...fields,
});

/** What is asked of the transport; `log` is its own one until a spec puts another in its place. */
interface Transport {
  level?: string;
  levels: Levels;
  format?: { transform(info: Info): unknown };
  parent: Parent | undefined;
  log(info: Info, callback?: (error?: Error | null) => void): unknown;
}

/** A receiver between the real parts; what it does with each info is listed. */
function rig(parts: Partial<ReceiverParts> = {}) {
  const clock = new HeldClock();
  const emitter = new EventEmitter();
  const warnings = new Warnings(emitter, clock);
  const done: unknown[][] = [];
  const mismatches: string[] = [];
  let flushes = 0;
  const crash = new CrashHandler(emitter, clock, async () => flushes++);
  const parents = new Parents({ wantsSite: () => false, wantsLogger: () => false }, () => false);
  const transport: Transport = {
    levels: LEVELS,
    parent: undefined,
    log: (info, callback) => receiver.log(info, callback),
  };
  const handlerTime = new Distribution([1_000]);
  const receiver = new Receiver({
    ...{ transport, ownLog: transport.log, parents, crash, warnings, handlerTime, clock },
    traceContext: false,
    infos: {
      admit: (...args) => done.push(['admit', ...args]),
      admitUnreadable: (cause) => done.push(['unreadable', cause]),
      suppress: (...args) => done.push(['suppress', ...args]),
    },
    levelCheck: new LevelCheck({
      transport,
      named: () => [],
      loggers: () => (transport.parent === undefined ? [] : [transport.parent]),
      soon: (fn) => fn(),
      tell: (problem) => mismatches.push(problem),
    }),
    ...parts,
  });
  return {
    ...{ clock, crash, done, handlerTime, mismatches, parents, receiver, transport, warnings },
    flushes: () => flushes,
  };
}

describe('an info that comes from a logger', () => {
  it('is taken, with its mark and the levels of the transport', () => {
    const { receiver, done } = rig();
    const mark = markOf();
    const [plain, marked] = [infoOf(), withMark(infoOf(), mark)];
    receiver.write(plain);
    receiver.write(marked);
    expect(done).toEqual([
      ['admit', plain, LEVELS, undefined, undefined],
      ['admit', marked, LEVELS, mark, undefined],
    ]);
    expect(done[0]?.[1]).toBe(plain);
  });

  it('goes by the level and the levels of the logger that it was logged to', () => {
    const { receiver, transport, done } = rig();
    transport.parent = { level: 'error', levels: LEVELS };
    const logger = { level: 'info', levels: OTHERS } as unknown as NonNullable<Mark['logger']>;
    receiver.write(infoOf());
    receiver.write(withMark(infoOf(), markOf({ logger })));
    expect(done.map(([what, , levels]) => [what, levels])).toEqual([['admit', OTHERS]]);
  });

  it('is not taken below the level, and a level that no logger has is told of', () => {
    const { receiver, transport, done, mismatches } = rig();
    transport.parent = { level: 'inof', levels: LEVELS };
    receiver.write(infoOf());
    expect(done).toEqual([]);
    expect(mismatches).toEqual([expect.stringContaining('"inof"')]);
  });

  it.each<[string, boolean, Mark | undefined, boolean, string]>([
    ['logged while records were sent, as the tap has seen', true, REENTRANT, false, 'suppress'],
    ['the same of a copy that has the mark, where no tap is', false, REENTRANT, false, 'suppress'],
    ['that comes while records are sent, but was logged before', true, markOf(), true, 'admit'],
    ['that comes while records are sent, where no tap is', false, undefined, true, 'suppress'],
  ])('%s: %s', (_name, areTapped, mark, isSending, what) => {
    const { receiver, parents, done } = rig();
    parents.areTapped = areTapped;
    const info = mark === undefined ? infoOf() : withMark(infoOf(), mark);
    if (isSending) guardSync(() => receiver.write(info));
    else receiver.write(info);
    const rest =
      what === 'admit' ? ['admit', info, LEVELS, mark, undefined] : ['suppress', 'reentrant', info, mark];
    expect(done).toEqual([rest]);
  });

  it('that cannot be read is counted, and nothing is thrown', () => {
    const { receiver, done } = rig();
    const info = Object.defineProperty(infoOf(), 'exception', {
      get: () => {
        throw BOOM;
      },
    });
    receiver.write(info);
    receiver.log(info, undefined);
    expect(done).toEqual([
      ['unreadable', BOOM],
      ['unreadable', BOOM],
    ]);
  });

  it('that makes what takes it throw is counted, and nothing is thrown', () => {
    const done: unknown[] = [];
    const { receiver } = rig({
      infos: {
        admit: () => {
          throw BOOM;
        },
        admitUnreadable: (cause) => done.push(cause),
        suppress: () => expect.unreachable(),
      },
    });
    receiver.write(infoOf());
    expect(done).toEqual([BOOM]);
  });
});

describe('a format of the transport', () => {
  it.each<[string, () => unknown, unknown[]]>([
    [
      'makes another info, and the mark stays',
      () => ({ mine: 1 }),
      ['admit', { mine: 1 }, LEVELS, markOf(), undefined],
    ],
    ['keeps it out', () => false, ['suppress', 'filtered', infoOf()]],
    ['returns no info', () => 7, ['unreadable', new Error('the format returned no info')]],
    [
      'throws',
      () => {
        throw BOOM;
      },
      ['unreadable', BOOM],
    ],
  ])('%s', (_name, transform, expected) => {
    const { receiver, transport, done } = rig();
    transport.format = { transform };
    receiver.write(withMark(infoOf(), markOf()));
    expect(done).toEqual([expected]);
  });

  it('is not asked for an info that is not wanted, or that comes by hand', () => {
    const { receiver, transport, done } = rig();
    transport.format = { transform: () => expect.unreachable() };
    transport.level = 'error';
    receiver.write(infoOf());
    receiver.write(withMark(infoOf({ [LEVEL]: 'error' }), REENTRANT));
    receiver.log(infoOf(), undefined);
    expect(done.map(([what]) => what)).toEqual(['suppress', 'admit']);
  });
});

describe('a call of log()', () => {
  it('takes an info whatever its level, and calls back', () => {
    const { receiver, transport, done } = rig();
    transport.level = 'error';
    let calls = 0;
    receiver.log(infoOf(), () => calls++);
    receiver.log(infoOf(), undefined);
    expect(done.map(([what]) => what)).toEqual(['admit', 'admit']);
    expect(calls).toBe(1);
  });

  it('is not taken while records are sent, and calls back all the same', () => {
    const { receiver, parents, done } = rig();
    parents.areTapped = true;
    let calls = 0;
    guardSync(() => receiver.log(infoOf(), () => calls++));
    receiver.log(withMark(infoOf(), REENTRANT), () => calls++);
    expect(done.map(([what, reason, , mark]) => [what, reason, mark])).toEqual([
      ['suppress', 'reentrant', undefined],
      ['suppress', 'reentrant', REENTRANT],
    ]);
    expect(calls).toBe(2);
  });

  it('has a callback that throws counted, and not thrown at whoever logs', () => {
    const { receiver, warnings } = rig();
    receiver.log(infoOf(), () => {
      throw BOOM;
    });
    expect(warnings.callbackFailures.listener).toBe(1);
  });
});

describe('a log() around the own one', () => {
  it('gets the infos of loggers, and what it hands on keeps its mark', () => {
    const { receiver, transport, parents, done } = rig();
    const own = transport.log;
    transport.log = (info, callback) => own({ ...info, more: 1 }, callback);
    const mark = markOf();
    parents.areTapped = true;
    // What was seen at the log call is decided: on its way it is not taken for one that is logged now.
    guardSync(() => receiver.write(withMark(infoOf(), mark)));
    expect(done).toEqual([['admit', infoOf({ more: 1 }), LEVELS, mark, undefined]]);
  });

  it('that throws before it has handed an info on costs that, and afterwards not', () => {
    const { receiver, transport, done, warnings } = rig();
    const own = transport.log;
    transport.log = () => {
      throw BOOM;
    };
    receiver.write(infoOf());
    transport.log = (info, callback) => {
      own(info, callback);
      throw BOOM;
    };
    receiver.write(infoOf());
    expect(done.map(([what]) => what)).toEqual(['unreadable', 'admit']);
    expect(warnings.callbackFailures.log).toBe(2);
  });

  it('that hands an info on after it has failed has it counted once', () => {
    const { receiver, transport, done } = rig();
    let late: () => unknown = () => undefined;
    const own = transport.log;
    transport.log = (info, callback) => {
      late = () => own(info, callback);
      throw BOOM;
    };
    receiver.write(infoOf());
    late();
    expect(done).toEqual([['unreadable', BOOM]]);
  });
});

describe('the record of an exception', () => {
  it.each<[string, object, (receiver: Receiver, info: Info) => void, number]>([
    ['an exception', { exception: true }, (receiver, info) => receiver.write(info), 2],
    ['a rejection', { rejection: true }, (receiver, info) => receiver.write(info), 2],
    ['an exception, by hand', { exception: true }, (receiver, info) => receiver.log(info, undefined), 2],
    ['another record', {}, (receiver, info) => receiver.write(info), 1],
  ])('lets the end of the process go on: %s', async (_name, fields, come, flushes) => {
    const { receiver, crash, clock, flushes: flushed } = rig();
    crash.begin();
    come(receiver, infoOf(fields));
    await clock.settle();
    expect(flushed()).toBe(flushes);
    await clock.pass(10_000);
  });
});

it('the time that is spent on an info is measured for one in 16, the first included, in microseconds', () => {
  const clock = new HeldClock();
  const { receiver, handlerTime } = rig({
    clock,
    infos: {
      admit: () => {
        clock.now += 3;
      },
      admitUnreadable: () => expect.unreachable(),
      suppress: () => expect.unreachable(),
    },
  });
  const counts: number[] = [];
  for (let at = 0; at < 17; at++) {
    receiver.write(infoOf());
    counts.push(handlerTime.counts.count);
  }
  expect([counts[0], counts[15], counts[16]]).toEqual([1, 1, 2]);
  expect(handlerTime.counts.sum).toBe(6_000);
});

describe('the span of a record', () => {
  it.each([
    [true, SPAN],
    [false, undefined],
  ])('is the one of its mark where that is asked for: %s', (traceContext, span) => {
    const { receiver, done } = rig({ traceContext });
    receiver.write(withMark(infoOf(), markOf({ span: SPAN })));
    expect(done[0]?.[4]).toEqual(span);
  });

  it.each<[string, boolean, (receiver: Receiver) => void, boolean]>([
    ['by hand', true, (receiver) => receiver.log(infoOf(), undefined), true],
    ['from a stream that is no logger', false, (receiver) => receiver.write(infoOf()), true],
    [
      'from a logger, whose tap would have noted it (not then)',
      true,
      (receiver) => receiver.write(infoOf()),
      false,
    ],
  ])(
    'without a mark is the one that is active now, where the record comes %s',
    (_name, areTapped, come, has) => {
      const { tracer } = startTracing();
      const { receiver, parents, done } = rig({ traceContext: true });
      parents.areTapped = areTapped;
      tracer.startActiveSpan('request', (span) => {
        come(receiver);
        expect(done[0]?.[4]).toEqual(has ? span.spanContext() : undefined);
        span.end();
      });
    },
  );
});

import vm from 'node:vm';
import { isMainThread, threadId } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { InfoRecord } from '../../../lib/loop-safety/filter/filter-record.ts';

type Info = Record<string | symbol, unknown>;

const LEVEL = Symbol.for('level');
const SPLAT = Symbol.for('splat');
const error = new Error('mine');

function recordOf(info: object): InfoRecord {
  return new InfoRecord(info as Info, 'info', 2, 'text', 1_700_000_000_000, undefined);
}

function throws(): never {
  throw new Error('from a getter');
}

describe('InfoRecord', () => {
  it('has what it was given', () => {
    const site = { function: 'send', module: 'src/db', file: '/app/src/db.ts', line: 3, column: 5 };
    const record = new InfoRecord({ level: 'info', message: 'm' }, 'info', 2, 'text', 7, site);
    const { level, severity, message, time } = record;
    expect({ level, severity, message, time }).toEqual({ level: 'info', severity: 2, message: 'm', time: 7 });
    expect(record).toMatchObject(site);
  });

  it.each<[string, object]>([
    ['none', {}],
    ['one that is no text', { message: 17 }],
    [
      'a getter that throws',
      {
        get message() {
          return throws();
        },
      },
    ],
  ])('has the formatted text where the message is %s', (_, info) => {
    expect(recordOf(info).message).toBe('text');
  });

  it('reads the call site only when asked', () => {
    const read = vi.fn(() => 'send');
    const site = {
      module: '',
      file: '',
      line: 0,
      column: 0,
      get function() {
        return read();
      },
    };
    const record = new InfoRecord({}, 'info', 2, 'text', 7, site);
    expect(read).not.toHaveBeenCalled();
    expect(record.function).toBe('send');
  });

  it('has a nameless call site without one', () => {
    expect(recordOf({})).toMatchObject({ function: '<anonymous>', module: '', file: '', line: 0, column: 0 });
  });

  it('says where it is', () => {
    const { process: own, thread } = recordOf({});
    expect(own).toEqual({ id: process.pid, name: process.title });
    expect(thread).toEqual({ id: threadId, name: isMainThread ? 'main' : `worker-${threadId}` });
  });
});

describe('extra', () => {
  it('has the own fields of the info but level and message', () => {
    const info = Object.assign(Object.create({ inherited: 1 }) as Info, {
      [LEVEL]: 'info',
      level: 'info',
      message: 'm',
      timestamp: 'now',
      user: { id: 1 },
      none: undefined,
    });
    Object.defineProperty(info, 'hidden', { value: 1, enumerable: false });
    expect(recordOf(info).extra).toStrictEqual({ timestamp: 'now', user: { id: 1 }, none: undefined });
  });

  it('is made once, when asked', () => {
    const read = vi.fn(() => 1);
    const record = recordOf({
      get field() {
        return read();
      },
    });
    expect(read).not.toHaveBeenCalled();
    expect(record.extra).toBe(record.extra);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('goes without a field that throws', () => {
    expect(
      recordOf({
        a: 1,
        get b() {
          return throws();
        },
        c: 3,
      }).extra,
    ).toEqual({ a: 1, c: 3 });
    expect(recordOf(new Proxy({}, { ownKeys: throws })).extra).toEqual({});
  });

  it('has those of an info that is a function', () => {
    const record = recordOf(Object.assign(() => undefined, { message: 'm', user: 1, err: error }));
    expect(record.extra).toEqual({ user: 1, err: error });
    expect([record.message, record.exception]).toEqual(['m', error]);
  });

  it('may have a field called __proto__', () => {
    const { extra } = recordOf(JSON.parse('{"__proto__": {"admin": true}}') as Info);
    expect(Object.keys(extra)).toEqual(['__proto__']);
    expect(extra.admin).toBeUndefined();
  });
});

describe('exception', () => {
  it.each([
    ['the info itself', error],
    ['info.error', { error }],
    ['info.err', { err: error }],
    ['info.exception', { exception: error }],
    ['the first that is an error', { error: 'text', err: error, exception: new Error('another') }],
    ['an argument after the message', { [SPLAT]: [{ user: 1 }, error] }],
  ])('is %s', (_, info) => {
    expect(recordOf(info).exception).toBe(error);
  });

  it('may come from another realm', () => {
    const foreign: unknown = vm.runInNewContext('new TypeError("x")');
    expect(recordOf({ error: foreign }).exception).toBe(foreign);
  });

  it.each([
    ['no fields', {}],
    // winston's own mark on an uncaught exception.
    ['exception: true', { exception: true }],
    ['text', { error: 'text' }],
    ['what looks like one', { error: { name: 'Error', message: 'm', stack: 's' } }],
    [
      'getters that throw',
      {
        get error() {
          return throws();
        },
        get [SPLAT]() {
          return throws();
        },
      },
    ],
  ])('is undefined for %s', (_, info) => {
    expect(recordOf(info).exception).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../lib/loop-safety/filter/filter.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import type { TransportEntry } from '../../lib/record/record.ts';
import { type Admission, RecordFactory, type RecordFactoryOptions } from '../../lib/record/record-factory.ts';
import { samplingOf } from '../../lib/sampling/sampling.ts';
import { type Info, LEVEL, type Levels, MESSAGE } from '../../lib/util/info.ts';
import { refuse } from '../loop-safety/filter/filter-records.ts';
import { HeldClock } from '../sender/rig.ts';

const LEVELS = { error: 0, info: 2 };
const NO_FUNCTIONS: RecordFactoryOptions = {
  topic: 'logs',
  key: undefined,
  headers: undefined,
  partition: undefined,
  filter: undefined,
  sampling: undefined,
  redact: undefined,
  serialize: undefined,
  recordId: false,
  loopHeader: false,
};
const SITE = { function: 'pay', module: 'src/shop', file: '/src/shop.ts', line: 1, column: 2 };

class Rig {
  readonly warnings: string[] = [];
  readonly factory: RecordFactory;

  constructor(options: Partial<RecordFactoryOptions> = {}) {
    this.factory = new RecordFactory(
      { ...NO_FUNCTIONS, ...options },
      {
        callbackFailed: (name, error, consequence) =>
          this.warnings.push(`${name} threw ${error}: ${consequence}`),
        invalidReturn: (name, expected, given, consequence) =>
          this.warnings.push(`${name}, not ${expected} but ${String(given)}: ${consequence}`),
      },
      new HeldClock(),
    );
  }

  admit(info: Info = infoOf(), keepInfo = false): Admission {
    return this.factory.create(info, LEVELS, SITE, undefined, keepInfo);
  }
}

function infoOf(fields: object = {}): Info {
  return { level: 'info', message: 'paid', [LEVEL]: 'info', [MESSAGE]: 'text', ...fields };
}

const thrower = (): never => {
  throw new Error('no');
};

describe('a record', () => {
  it('is what winston has handed over, at that moment', () => {
    const { factory } = new Rig();
    const record = { topic: 'logs', level: 'info', severity: 2, text: 'text', key: null, time: 1_000_000 };
    expect(factory.create(infoOf(), LEVELS, undefined, undefined, false)).toMatchObject({
      kind: 'record',
      record,
    });
  });

  it('keeps the info only where it is wanted once more', () => {
    const info = infoOf();
    for (const rig of [new Rig(), new Rig({ key: () => 'k' })]) {
      expect(rig.admit(info, true)).toMatchObject({ record: { info } });
      expect(rig.admit(info, false)).toMatchObject({ record: { info: undefined } });
    }
  });

  it.each<[string, object, string]>([
    ['as the format has written it', {}, 'text'],
    ['as JSON where no format has', { [MESSAGE]: undefined }, '{"level":"info","message":"paid"}'],
    ['as JSON where the format has written no text', { [MESSAGE]: 1 }, '{"level":"info","message":"paid"}'],
  ])('has its text %s', (_name, fields, text) => {
    expect(new Rig().admit(infoOf(fields))).toMatchObject({ record: { text } });
  });

  it.each([
    ['error', 0],
    ['none', Number.MAX_SAFE_INTEGER],
    ['toString', Number.MAX_SAFE_INTEGER],
  ])('of the level %s has the severity %d', (level, severity) => {
    expect(new Rig().admit(infoOf({ [LEVEL]: level }))).toMatchObject({ record: { level, severity } });
    expect(new Rig().factory.create(infoOf(), undefined, undefined, undefined, false)).toMatchObject({
      record: { severity: Number.MAX_SAFE_INTEGER },
    });
  });

  it('is not made of what has no text at all', () => {
    const info = {
      get level(): string {
        return 'info';
      },
      toJSON: thrower,
    } as unknown as Info;
    expect(new Rig().admit(info)).toMatchObject({ record: { level: 'info' } });
    expect(() =>
      new Rig().admit(new Proxy(infoOf({ [MESSAGE]: undefined, message: undefined }), { ownKeys: thrower })),
    ).toThrow('it has no message, and cannot be written as JSON');
  });

  it('that is counted for an info that could not be read is the least severe', () => {
    expect(new Rig().factory.createUnreadable()).toMatchObject({
      topic: '',
      text: '',
      severity: Number.MAX_SAFE_INTEGER,
      time: 1_000_000,
    });
  });
});

describe("the application's functions", () => {
  it('are given the entry, and their answers are in the record', () => {
    const entries: TransportEntry[] = [];
    const guarded: boolean[] = [];
    const see =
      <Value>(value: Value) =>
      (entry: TransportEntry): Value => {
        entries.push(entry);
        guarded.push(isGuarded());
        return value;
      };
    const bytes = Buffer.from([1]);
    const info = infoOf();
    const rig = new Rig({
      topic: see('payments'),
      key: see('k'),
      partition: see(7),
      headers: see({ a: 'b', bytes, none: undefined }),
    });
    expect(rig.admit(info)).toMatchObject({
      kind: 'record',
      record: { topic: 'payments', key: 'k', requestedPartition: 7, headers: { a: 'b', bytes } },
    });
    expect(entries).toHaveLength(4);
    for (const entry of entries) {
      expect(entry).toMatchObject({ level: 'info', message: 'text', time: 1_000_000, origin: SITE });
      expect(entry.info).toBe(info);
    }
    expect(guarded).toEqual([true, true, true, true]);
    expect(rig.warnings).toEqual([]);
  });

  it('may leave a record without key, headers and partition', () => {
    const rig = new Rig({ key: () => undefined, headers: () => undefined, partition: () => undefined });
    expect(rig.admit()).toMatchObject({
      kind: 'record',
      record: { key: null, headers: undefined, requestedPartition: undefined },
    });
    expect(rig.warnings).toEqual([]);
  });

  it.each<[string, Partial<RecordFactoryOptions>, string]>([
    ['key', { key: thrower }, 'the record goes without a key'],
    ['partition', { partition: thrower }, 'the record goes to any partition, or to that of its key'],
    ['headers', { headers: thrower }, 'the record goes without headers'],
  ])('cost no record where %s throws', (name, options, consequence) => {
    const rig = new Rig(options);
    expect(rig.admit()).toMatchObject({
      kind: 'record',
      record: { text: 'text', key: null, headers: undefined, requestedPartition: undefined },
    });
    expect(rig.warnings).toEqual([`${name} threw Error: no: ${consequence}`]);
  });

  it.each<[string, object, RegExp]>([
    ['a key that is a number', { key: () => 7 }, /^key, not a string, a Buffer or null but 7: /],
    [
      'a partition that is a string',
      { partition: () => '7' },
      /^partition, not a number or undefined but 7: /,
    ],
    ['headers that are a list', { headers: () => [1] }, /^headers, not an object but 1: /],
    [
      'a header that is a number',
      { headers: () => ({ a: 1 }) },
      /^headers, not strings, Buffers or undefined but 1: /,
    ],
  ])('cost no record where they return %s', (_name, options, warning) => {
    const rig = new Rig(options);
    expect(rig.admit()).toMatchObject({
      kind: 'record',
      record: { key: null, requestedPartition: undefined },
    });
    expect(rig.warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('may write over their Buffers afterwards', () => {
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    const admission = new Rig({ key: () => key, headers: () => ({ value }) }).admit();
    key.fill(0);
    value.fill(0);
    expect(admission).toMatchObject({
      record: { key: Buffer.from('key'), headers: { value: Buffer.from('value') } },
    });
  });

  it.each<[string, () => string, string]>([
    ['throws', thrower, 'topic threw Error: no: the record is dropped as invalid'],
    ['returns no topic name', () => 'a topic', 'topic, not '],
  ])('make a record invalid where topic %s', (_name, topic, warning) => {
    const rig = new Rig({ topic });
    expect(rig.admit()).toMatchObject({
      kind: 'invalid',
      record: { topic: '', text: 'text' },
      cause: expect.any(Error),
    });
    expect(rig.warnings).toEqual([expect.stringContaining(warning)]);
  });

  it.each([-1, 1.5, Number.NaN])('have a record rejected for the partition %d', (partition) => {
    const admission = new Rig({ partition: () => partition }).admit();
    expect(admission).toMatchObject({ kind: 'rejected', cause: expect.any(Error) });
  });
});

describe('a filter', () => {
  it('keeps records out', () => {
    const filter = compileFilter(({ message }) => message !== 'paid', undefined, refuse);
    expect(new Rig({ filter }).admit()).toEqual({ kind: 'filtered' });
    expect(new Rig({ filter }).admit(infoOf({ message: 'other' }))).toMatchObject({ kind: 'record' });
  });

  it('that throws takes the record', () => {
    const rig = new Rig({ filter: compileFilter(thrower, undefined, refuse) });
    expect(rig.admit()).toMatchObject({ kind: 'record' });
    expect(rig.warnings).toEqual(['filter threw Error: no: the record is taken']);
  });
});

describe('a sample that keeps nothing', () => {
  const sampling = samplingOf({ sample: { rate: 0 }, rateLimit: undefined }, () => 0, Math.random);
  const kindOf = (level: string, levels: Levels | undefined): string =>
    new Rig({ sampling }).factory.create(infoOf({ [LEVEL]: level }), levels, SITE, undefined, false).kind;

  it.each<[string, Levels | undefined, string]>([
    ['info', LEVELS, 'sampled'],
    ['error', LEVELS, 'record'],
    ['crit', { emerg: 0, crit: 2, error: 3, info: 6 }, 'record'],
    ['info', { emerg: 0, crit: 2, error: 3, info: 6 }, 'sampled'],
    ['worst', { worst: 0, bad: 1 }, 'record'],
    ['bad', { worst: 0, bad: 1 }, 'sampled'],
    ['error', undefined, 'record'],
    ['crit', undefined, 'sampled'],
  ])('has %s of the levels %j %s', (level, levels, kind) => {
    expect(kindOf(level, levels)).toBe(kind);
  });
});

describe('a record of the transport', () => {
  it('is the most severe, has no key, and passes the filter', () => {
    const filter = compileFilter(() => false, undefined, refuse);
    const { factory } = new Rig({ filter, key: () => 'k', headers: () => ({ a: 'b' }) });
    const info = infoOf();
    expect(factory.createOwn(info, 'warn', '3 records were not delivered')).toMatchObject({
      kind: 'record',
      record: {
        topic: 'logs',
        level: 'warn',
        severity: 0,
        text: '3 records were not delivered',
        key: null,
        info,
      },
    });
  });

  it('is invalid where there is no topic for it', () => {
    expect(new Rig({ topic: thrower }).factory.createOwn(infoOf(), 'warn', 'x')).toMatchObject({
      kind: 'invalid',
    });
  });
});

it('the headers of the transport stand beside those of the application', () => {
  const headersOf = (options: Partial<RecordFactoryOptions>): string[] => {
    const admission = new Rig(options).admit();
    return admission.kind === 'record' ? Object.keys(admission.record.headers ?? {}) : [];
  };
  expect(headersOf({ recordId: true })).toEqual(['record-id']);
  expect(headersOf({ loopHeader: true })).toEqual(['log-hops']);
  expect(headersOf({ recordId: true, loopHeader: true, headers: () => ({ a: 'b' }) })).toEqual([
    'a',
    'record-id',
    'log-hops',
  ]);
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KafkaTransport, KafkaTransportError, KafkaTransportOptions } from '../../../lib/index.ts';
import { expectLaw, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { infoOf } from '../../winston/fixtures/infos.ts';

// Computed: written out, it would look like a promise made by mistake.
const THEN = 'then';

function boom(): never {
  throw new Error('boom');
}

const rejections: unknown[] = [];
const onRejection = (reason: unknown): unknown => rejections.push(reason);

beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
});

afterEach(async () => {
  await new Promise(setImmediate);
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

type Functions = Pick<KafkaTransportOptions, 'topic' | 'key' | 'headers' | 'filter'>;

function warningsOf(transport: KafkaTransport): KafkaTransportError[] {
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  return warnings;
}

async function shipped(functions: Partial<Functions>, times = 3) {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { dropNotice: false, ...functions });
  const warnings = warningsOf(transport);
  for (let at = 0; at < times; at++) transport.log(infoOf(`record ${at}`));
  await transport.flush(Infinity);
  expectLaw(transport);
  return { transport, warnings, records: cluster.records(TOPIC), stats: transport.stats() };
}

/** What a function may return that is of no use, and how it is called in the warning. */
const NONSENSE: [string, () => unknown, string][] = [
  ['a number', () => 5, 'a value of type number'],
  ['true', () => true, 'a value of type boolean'],
  ['an array', () => ['a'], 'an array'],
  ['a symbol', () => Symbol('s'), 'a value of type symbol'],
  ['a promise', async () => 'late', 'a value of type object'],
  ['a promise that is rejected', async () => boom(), 'a value of type object'],
  [
    'an object whose `then` throws',
    () => ({
      get [THEN]() {
        return boom();
      },
    }),
    'a value of type object',
  ],
];

describe('a topic function', () => {
  it.each([
    ...NONSENSE,
    ['no topic name', () => 'two words', '"two words"'],
    ['nothing', () => undefined, 'a value of type undefined'],
    ['null', () => null, 'null'],
  ] as typeof NONSENSE)(
    'that returns %s has the record dropped as invalid, and is told of once',
    async (_, topic, given) => {
      const { warnings, records, stats } = await shipped({ topic: topic as () => string });
      expect(records).toEqual([]);
      expect(stats).toMatchObject({ accepted: 3, dropped: { invalid: 3 }, callbackFailures: { topic: 3 } });
      expect(warnings.map(({ code }) => code)).toEqual(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
      expect(warnings[0]?.message).toContain(`the topic function must return a topic name`);
      expect(warnings[0]?.message).toContain(`but returned ${given}; the record is dropped as invalid.`);
    },
  );

  it('that throws has the record dropped as invalid, with what it threw as the cause', async () => {
    const { warnings, stats } = await shipped({ topic: boom });
    expect(stats).toMatchObject({ dropped: { invalid: 3 }, callbackFailures: { topic: 3 } });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
    expect(warnings[0]).toMatchObject({
      message: 'winston-kafkajs: the topic function threw (boom); the record is dropped as invalid.',
      cause: { message: 'boom' },
    });
  });

  it('that fails for some records costs the others nothing', async () => {
    const topic = vi.fn(({ message }: { message: string }) => (message === 'record 1' ? boom() : TOPIC));
    const { records, stats } = await shipped({ topic });
    expect(records.map(({ value }) => value.toString())).toEqual(['record 0', 'record 2']);
    expect(stats.dropped.invalid).toBe(1);
    // Once per record, when winston hands it over.
    expect(topic).toHaveBeenCalledTimes(3);
  });

  it('is not the end when what it throws cannot be shown', async () => {
    const odd = { toString: boom };
    const { warnings, stats } = await shipped({
      topic: () => {
        throw odd;
      },
    });
    expect(stats.dropped.invalid).toBe(3);
    expect(warnings[0]?.message).toContain('threw (an error that cannot be shown as text)');
  });
});

describe('a key function', () => {
  it.each(NONSENSE)(
    'that returns %s has the record go without a key, and is told of once',
    async (_, key, given) => {
      const { warnings, records, stats } = await shipped({ key: key as () => string });
      expect(records.map((record) => record.key)).toEqual([null, null, null]);
      expect(stats).toMatchObject({ delivered: 3, callbackFailures: { key: 3 } });
      expect(warnings.map(({ message }) => message)).toEqual([
        `winston-kafkajs: the key function must return a string, a Buffer or null, but returned ${given}; the record goes without a key.`,
      ]);
    },
  );

  it('that throws has the record go without a key', async () => {
    const { warnings, records, stats } = await shipped({ key: boom });
    expect(records.map(({ key }) => key)).toEqual([null, null, null]);
    expect(stats.callbackFailures.key).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it('that returns null or undefined has given no key, and that is no failure', async () => {
    const answers = [null, undefined, 'k'];
    const { warnings, records, stats } = await shipped({ key: () => answers.shift() });
    expect(records.map(({ key }) => key?.toString() ?? null).toSorted()).toEqual(['k', null, null]);
    expect(stats.callbackFailures.key).toBe(0);
    expect(warnings).toEqual([]);
  });
});

describe('a headers function', () => {
  it.each([...NONSENSE, ['a string', () => 'a: b', 'a value of type string']] as typeof NONSENSE)(
    'that returns %s has the record go without headers, and is told of once',
    async (name, headers) => {
      const { warnings, records, stats } = await shipped({ headers: headers as never });
      expect(records.map((record) => record.headers)).toEqual([{}, {}, {}]);
      expect(stats).toMatchObject({ delivered: 3, callbackFailures: { headers: 3 } });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]?.message).toContain(
        name === 'an object whose `then` throws' ? 'threw (boom)' : 'must return an object',
      );
    },
  );

  it('that throws has the record go without headers', async () => {
    const { records, stats, warnings } = await shipped({ headers: boom });
    expect(records.map(({ headers }) => headers)).toEqual([{}, {}, {}]);
    expect(stats.callbackFailures.headers).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it('loses the values that are of no use, and keeps the others', async () => {
    const { records, stats } = await shipped(
      {
        headers: () =>
          ({ a: 'x', b: 5, c: null, d: undefined, e: Buffer.from('y'), __proto__: null, f: '' }) as never,
      },
      1,
    );
    const headers = Object.entries(records[0]?.headers ?? {}).map(([name, value]) => [name, String(value)]);
    expect(headers).toEqual([
      ['a', 'x'],
      ['e', 'y'],
      ['f', ''],
    ]);
    expect(stats.callbackFailures.headers).toBe(2);
  });

  it('that returns nothing has given none', async () => {
    const { records, stats } = await shipped({ headers: () => undefined });
    expect(records.map(({ headers }) => headers)).toEqual([{}, {}, {}]);
    expect(stats.callbackFailures.headers).toBe(0);
  });
});

describe('a filter', () => {
  it('that throws takes the record, is told of once, and counts', async () => {
    const { records, stats, warnings } = await shipped({ filter: boom });
    expect(records).toHaveLength(3);
    expect(stats).toMatchObject({ suppressed: { filtered: 0 }, callbackFailures: { filter: 3 } });
    expect(warnings.map(({ message }) => message)).toEqual([
      'winston-kafkajs: the filter function threw (boom); the record is taken.',
    ]);
  });

  it.each([true, 1, 'yes', {}])('that returns %o takes the record', async (answer) => {
    expect((await shipped({ filter: () => answer })).stats).toMatchObject({ delivered: 3 });
  });

  it.each([false, 0, '', null, undefined])('that returns %o does not', async (answer) => {
    const { stats } = await shipped({ filter: () => answer });
    expect(stats).toMatchObject({ accepted: 0, suppressed: { filtered: 3 } });
  });
});

describe('two kinds of fault in one function', () => {
  it('are told of once each', async () => {
    let calls = 0;
    const { warnings, stats } = await shipped({ key: () => (calls++ % 2 === 0 ? boom() : (5 as never)) }, 10);
    expect(warnings).toHaveLength(2);
    expect(stats.callbackFailures.key).toBe(10);
  });
});

describe('a listener', () => {
  it.each(['warn', 'logged'] as const)(
    'for "%s" that throws, or whose promise is rejected, is counted',
    async (event) => {
      const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      const cluster = await startCluster();
      const transport = transportTo(cluster, { key: boom });
      const last = vi.fn();
      transport.on(event, boom);
      transport.on(event, async () => boom());
      transport.on(event, last);
      transport.log(infoOf('a'));
      await transport.flush(Infinity);
      await new Promise(setImmediate);
      stderr.mockRestore();
      expect(last).toHaveBeenCalledTimes(1);
      expect(transport.stats().callbackFailures.listener).toBe(2);
      expect(cluster.values(TOPIC)).toEqual(['a']);
    },
  );
});

// Where the format writes no final text, a BigInt or a circle in one field cost all the others: only the message was sent.
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { startCluster, TOPIC, transportTo } from '../../support/harness.ts';

type Fields = Record<string, unknown>;

const MESSAGE = Symbol.for('message');

function fail(): never {
  throw new Error('not today');
}

/** The values of what is logged with a format that writes no text. */
async function sentValues(...all: Fields[]): Promise<string[]> {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { dropNotice: false });
  const format = winston.format((info) => Object.assign(info, { stamped: true }))();
  const logger = winston.createLogger({ format, transports: [transport] });
  for (const fields of all) logger.info('paid', fields);
  await transport.flush(Infinity);
  expect(transport.stats()).toMatchObject({ delivered: all.length, accepted: all.length });
  return cluster.values(TOPIC);
}

async function sent(fields: Fields): Promise<Fields> {
  const [value = ''] = await sentValues(fields);
  return JSON.parse(value) as Fields;
}

const REST = { level: 'info', message: 'paid', stamped: true, user: 'u' };
const REASON = '[Unreadable: not today]';

function circle(): Fields {
  const self: Fields = { a: 1 };
  self.self = self;
  return self;
}

class Odd {
  get price(): number {
    return fail();
  }
}

function nested(depth: number): Fields {
  let at: Fields = { end: true };
  for (let level = 1; level < depth; level++) at = { at };
  return at;
}

const SAME_AS_JSON: Record<string, () => unknown> = {
  'a BigInt': () => 12n,
  'a BigInt far inside': () => ({ a: [{ b: 2n ** 70n }] }),
  'a circle': circle,
  'a circle through a list': () => {
    const list: unknown[] = [1];
    list.push({ list });
    return list;
  },
  'one object twice': () => {
    const shared = { s: 1 };
    return [shared, shared];
  },
  'a symbol': () => Symbol('s'),
  'a function': () => fail,
  undefined: () => undefined,
  'undefined in a list': () => [undefined, fail, Symbol('s')],
  'not a number': () => Number.NaN,
  'a map and a set': () => [new Map([[1, 2]]), new Set([1])],
  'an error': () => new Error('is written as {} by json(), too'),
  'a date': () => new Date(0),
  'an invalid date': () => new Date(Number.NaN),
  'a buffer': () => Buffer.from([0xff, 0]),
  'a typed array': () => new Uint8Array([1, 2]),
  'an object without a prototype': () => Object.assign(Object.create(null), { b: 1, a: 2 }),
  'a getter of its own': () => ({
    get a() {
      return 1;
    },
  }),
  'a toJSON': () => ({ toJSON: (name: string) => ({ name, n: 1n }) }),
  'lone surrogates': () => '\uD800',
  '__proto__ of its own': () => JSON.parse('{"__proto__":{"n":1},"b":2}'),
};

describe('a field that json() can write', () => {
  it.each(Object.entries(SAME_AS_JSON))('%s: what is sent is what json() writes', async (_, make) => {
    const json = winston.format.json();
    const info = { user: 'u', level: 'info', message: 'paid', stamped: true, n: make() };
    const expected = json.transform(info, json.options) as unknown as Record<symbol, string>;
    expect(await sentValues({ user: 'u', n: make() })).toEqual([expected[MESSAGE]]);
  });

  it('the case of the report: a BigInt beside a timestamp', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const format = winston.format.timestamp({ format: () => 'now' });
    winston.createLogger({ format, transports: [transport] }).info('hello', { user: 'u', n: 12n });
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual([
      '{"level":"info","message":"hello","n":"12","timestamp":"now","user":"u"}',
    ]);
  });
});

const ONLY_ITSELF: Record<string, [() => unknown, unknown]> = {
  'a toJSON that throws': [() => ({ toJSON: fail }), REASON],
  'a getter that throws, in an object': [
    () => ({
      a: 1,
      get b() {
        return fail();
      },
      c: circle(),
    }),
    { a: 1, b: REASON, c: { a: 1, self: '[Circular]' } },
  ],
  'a getter of a class, which JSON does not read': [
    () => [new Odd(), 1n, { toJSON: fail }],
    [{}, '1', REASON],
  ],
  'one element of a list': [() => [1, { toJSON: fail }, undefined, fail, 3n], [1, REASON, null, null, '3']],
  'a toJSON getter that throws': [
    () => ({
      get toJSON() {
        return fail();
      },
    }),
    REASON,
  ],
  'a proxy whose ownKeys throws': [() => new Proxy({ a: 1 }, { ownKeys: fail }), {}],
  'a proxy whose get throws': [() => new Proxy({ a: 1 }, { get: fail }), REASON],
  'what throws something that has no text': [
    () => ({
      toJSON() {
        throw Object.create(null);
      },
    }),
    '[Unreadable: an error that cannot be shown as text]',
  ],
};

describe('a field that cannot be written', () => {
  it.each(Object.entries(ONLY_ITSELF))('%s: costs itself alone', async (_, [make, expected]) => {
    expect(await sent({ user: 'u', n: make(), z: 2n })).toEqual({ ...REST, n: expected, z: '2' });
  });

  it('a revoked proxy costs itself alone', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { n, ...rest } = await sent({ user: 'u', n: proxy });
    expect(rest).toEqual(REST);
    expect(n).toMatch(/^\[Unreadable: .*revoked/);
  });

  it('something 100,000 levels deep is cut off, and costs nothing else', async () => {
    const { n, ...rest } = await sent({ user: 'u', n: nested(100_000) });
    expect(rest).toEqual(REST);
    expect(JSON.stringify(n)).toContain('"[Object]"');
  });

  it('a getter of the info itself that throws costs itself alone', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const info = {
      level: 'info',
      message: 'by hand',
      get price() {
        return fail();
      },
    };
    transport.log(info);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual([`{"level":"info","message":"by hand","price":"${REASON}"}`]);
  });

  it('a toJSON of the info itself that throws costs nothing', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    transport.log({ level: 'info', message: 'by hand', toJSON: fail });
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['{"level":"info","message":"by hand"}']);
  });
});

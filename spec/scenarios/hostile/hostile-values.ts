// Records that nobody should log, made from a seed.

export type Info = Record<string | symbol, unknown>;

const LEVEL = Symbol.for('level');
const MESSAGE = Symbol.for('message');

// Computed: written out, it would look like a promise made by mistake.
const THEN = 'then';

export function pick<Value>(values: readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

function fail(): never {
  throw new Error('from the depths of a hostile value');
}

function circular(): object {
  const self: Record<string, unknown> = { a: 1 };
  self.self = self;
  return self;
}

class OddError extends Error {
  override get stack(): string {
    return fail();
  }
}

/** Every trap throws. */
function trapped(target: object): object {
  const names = [
    'get',
    'has',
    'ownKeys',
    'getOwnPropertyDescriptor',
    'getPrototypeOf',
    'set',
    'isExtensible',
  ] as const;
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, fail])));
}

const BIG = 'x'.repeat(2 * 1024 * 1024);

/** Values to stand in a record, or to be logged as they are. */
export const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'not a number': () => Number.NaN,
  'a number': () => -0,
  'a BigInt': () => 2n ** 70n,
  'an empty string': () => '',
  'lone surrogates': () => '\uD800 and \uDFFF\uD83D',
  'control characters': () => '\u0000\u001b[31m\u2028\uFEFF',
  'a symbol': () => Symbol('s'),
  'a function': () => fail,
  'an invalid date': () => new Date(Number.NaN),
  'an array with a hole': () => Object.assign(new Array(3), { 1: () => 0 }),
  'a circle': circular,
  'a getter that throws': () => ({
    get message() {
      return fail();
    },
  }),
  'a toJSON that throws': () => ({ toJSON: fail }),
  'a toJSON that returns nothing': () => ({ toJSON: () => undefined }),
  'a toString that throws': () => ({ toString: fail, toJSON: fail }),
  'nothing to make a primitive of': () => Object.create(null),
  'a map': () => new Map([[{}, circular()]]),
  'a proxy whose traps throw': () => trapped({}),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'an error with an odd stack': () => new OddError('odd'),
  'an error whose cause is itself': () => {
    const error = new Error('self');
    error.cause = error;
    return error;
  },
  'a frozen object': () => Object.freeze({ a: Object.freeze([1]) }),
  'a buffer': () => Buffer.from([0xff, 0xfe, 0]),
  'a typed array': () => new Float64Array(3),
  'a thenable that throws': () => ({ [THEN]: fail }),
  'a getter for then that throws': () => ({
    get [THEN]() {
      return fail();
    },
  }),
  'a rejected promise': () => {
    const rejected = Promise.reject(new Error('never awaited'));
    // Where the transport is not handed the promise itself, nobody else would look at it.
    rejected.catch(() => undefined);
    return rejected;
  },
  '__proto__ of its own': () => JSON.parse('{"__proto__":{"polluted":true},"constructor":5}'),
};

const NAMES = Object.keys(VALUES);

export function hostileValue(random: () => number): unknown {
  return VALUES[pick(NAMES, random)]?.();
}

const LEVELS = ['info', 'error', 'silly', 'no-such-level', '__proto__', 'constructor', '', 'x'.repeat(1_000)];

/** An info that is odd in one or several ways, and sometimes hardly one. */
export function hostileInfo(random: () => number): unknown {
  if (random() < 0.1) return hostileValue(random);
  // A few only: the specs are about oddity, not about bytes.
  if (random() < 0.0005) return { level: 'info', message: BIG, [LEVEL]: 'info', [MESSAGE]: BIG };
  const info: Info = random() < 0.2 ? Object.create(null) : {};
  const keys = [
    'level',
    'message',
    'exception',
    'rejection',
    'stack',
    'meta',
    LEVEL,
    MESSAGE,
    Symbol.for('splat'),
  ];
  for (const key of keys) {
    const dice = random();
    if (dice < 0.3) info[key] = hostileValue(random);
    else if (dice < 0.8) info[key] = key === LEVEL || key === 'level' ? pick(LEVELS, random) : 'ordinary';
    else if (dice < 0.85)
      Object.defineProperty(info, key, { get: fail, enumerable: true, configurable: true });
  }
  const dice = random();
  if (dice < 0.1) return Object.freeze(info);
  if (dice < 0.15) return trapped(info);
  if (dice < 0.2)
    return Object.assign(new Error('an error as an info'), { [LEVEL]: 'error', [MESSAGE]: 'text' });
  return info;
}

// What is logged may be of any class, also one whose getters and methods work on its own objects only. What the siblings get is the same
// as without the transport, and nothing is thrown: for a record that is marked, too, which is a copy.
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import winston from 'winston';
import { runGuarded } from '../../lib/index.ts';
import { Collecting, startCluster, transportTo } from '../support/harness.ts';

class WithPrivateFields extends Error {
  readonly #code = 'E1';

  get code(): string {
    return this.#code;
  }

  toJSON(): object {
    return { message: this.message, code: this.#code };
  }
}

class WithToJSON {
  message = 'm';
  timestamp: string | undefined;

  toJSON(): object {
    return { ...this };
  }
}

/** Its fields are the class's own, and a format writes to them. */
class WithSetter {
  #message = 'm 4111';

  get message(): string {
    return this.#message;
  }

  set message(message: string) {
    this.#message = message;
  }
}

class Payment {
  readonly #id = 7;
  message = 'm 4111';
  card: string | undefined = '4111';

  toJSON(): object {
    return { ...this, id: this.#id };
  }
}

const OfAnotherRealm = runInNewContext(
  '(class { #id = 7; message = "m"; toJSON() { return { message: this.message, id: this.#id }; } })',
) as new () => object;

const MADE: readonly [string, () => object][] = [
  ['a plain object', () => ({ message: 'm' })],
  ['one without a prototype', () => Object.assign(Object.create(null), { message: 'm' })],
  ['an error', () => new RangeError('m')],
  ['the error of an aborted fetch', () => new DOMException('m', 'AbortError')],
  ['an error with private fields', () => new WithPrivateFields('m')],
  ['an object with a toJSON', () => new WithToJSON()],
  ['an object with a setter', () => new WithSetter()],
  ['an object with private fields and a toJSON', () => new Payment()],
  ['one of another realm, as those of Node are under Jest', () => new OfAnotherRealm()],
  ['a date', () => Object.assign(new Date(0), { message: 'm' })],
  ['a URL', () => Object.assign(new URL('http://127.0.0.1/'), { message: 'm' })],
  ['an array', () => Object.assign(['a', 'b'], { message: 'm' })],
  ['a Buffer', () => Object.assign(Buffer.from('abc'), { message: 'm' })],
];

const { combine, errors, json, simple, timestamp } = winston.format;
const masked = winston.format((info) => {
  if (/\d/.test(String(info.message))) info.message = 'm ****';
  delete info.card;
  return info;
});
const FORMATS = {
  'masked, json': combine(masked(), json()),
  'masked, simple': combine(masked(), simple()),
  json: json(),
  simple: simple(),
  'errors, json': combine(errors({ stack: false }), json()),
  'timestamp, json': combine(timestamp({ format: () => 'now' }), json()),
};

type Log = (call: () => void) => void;

const HOW: readonly [string, Log][] = [
  ['twice, with its call site', (call) => [call, call].forEach((each) => void each())],
  ['under the guard', (call) => runGuarded(call)],
];

/** What a sibling gets of it, and what the calls have thrown. */
function logged(
  info: object,
  format: winston.Logform.Format,
  log: Log,
  others: winston.transport[],
): unknown {
  const sibling = new Collecting();
  const logger = winston.createLogger({ format, transports: [sibling, ...others] });
  const thrown: string[] = [];
  log(() => {
    try {
      logger.error(info as Error);
    } catch (error) {
      thrown.push(String(error));
    }
  });
  const texts = sibling.infos.map((each) => each[Symbol.for('message') as never] as unknown);
  return { messages: sibling.messages, texts, thrown };
}

it.each(MADE.flatMap(([name, make]) => HOW.map(([how, log]) => ({ name, make, how, log }))))(
  '$name, logged $how',
  async ({ make, log }) => {
    const cluster = await startCluster();
    for (const format of Object.values(FORMATS)) {
      const transport = transportTo(cluster, { callSite: true });
      expect(logged(make(), format, log, [transport])).toEqual(logged(make(), format, log, []));
    }
  },
);

it("the application's object has its own fields again", async () => {
  const cluster = await startCluster();
  const payment = Object.assign(new Payment(), { level: 'info', [Symbol.for('level')]: 'error' });
  const before = Object.entries(payment);
  const sibling = new Collecting();
  const transport = transportTo(cluster);
  const format = FORMATS['masked, json'];
  const logger = winston.createLogger({ format, transports: [sibling, transport] });
  runGuarded(() => logger.write(payment));
  expect(sibling.messages).toEqual(['m ****']);
  expect(Object.entries(payment).sort()).toEqual(before.sort());
  expect(payment.message).toBe('m 4111');
});

import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { ISocketFactoryArgs, KafkaConfig, LogEntry } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import {
  guardedLogCreator,
  guardedProviders,
  guardedSocketFactory,
  runsCallersCode,
} from '../../../lib/clients/kafkajs/guarded-config.ts';
import { isGuarded, runInScope } from '../../../lib/loop-safety/guard.ts';
import { systemClock } from '../../../lib/time/clock.ts';
import { HeldClock } from '../../sender/rig.ts';

const BROKERS = ['a:1', 'b:2'];
const BOOM = new Error('boom');
const ENTRY = { label: 'INFO' } as unknown as LogEntry;
const untold = (): never => expect.unreachable('there is no token');

const plain = { mechanism: 'plain', username: 'shop', password: 'secret' } as const;

type Parts = Pick<KafkaConfig, 'sasl' | 'ssl'> & { brokers?: unknown };
const configOf = (parts: Parts): KafkaConfig => ({ brokers: BROKERS, ...parts }) as KafkaConfig;
const oauth = (provider: () => unknown): KafkaConfig =>
  configOf({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider: provider } as never });

/** What a function that kafkajs waits for sees of the flag: at once, and after an `await`. */
async function seen(): Promise<[boolean, boolean]> {
  const before = isGuarded();
  await null;
  return [before, isGuarded()];
}

it.each<[string, Partial<KafkaConfig>, boolean]>([
  ['texts', { brokers: BROKERS, ssl: true, sasl: plain }, false],
  ['functions of TLS, which return at once', { ssl: { checkServerIdentity: () => undefined } }, false],
  ['a log creator', { logCreator: () => () => undefined }, true],
  ['a socket factory', { socketFactory: () => expect.unreachable() }, true],
  ['a function that gives the brokers', { brokers: () => BROKERS }, true],
  ['a provider of tokens', oauth(() => undefined), true],
  [
    'an authentication of its own',
    { sasl: { mechanism: 'own', authenticationProvider: () => expect.unreachable() } },
    true,
  ],
])(
  'of a configuration with %s, it is known whether code of the caller’s runs inside the client',
  (_name, config, runs) => {
    expect(runsCallersCode(configOf(config))).toBe(runs);
  },
);

describe('a log creator', () => {
  it('is called under the flag, and so is what it returns, with what it is to be given', () => {
    const calls: unknown[][] = [];
    const creator = guardedLogCreator((level) => {
      calls.push([isGuarded(), level]);
      return (entry) => void calls.push([isGuarded(), entry]);
    });
    creator(4)(ENTRY);
    expect(calls).toEqual([
      [true, 4],
      [true, ENTRY],
    ]);
    expect(isGuarded()).toBe(false);
  });

  it('may throw in a line: the client goes on', () => {
    const log = guardedLogCreator(() => () => {
      throw BOOM;
    })(4);
    expect(() => log(ENTRY)).not.toThrow();
  });

  it('that throws itself kept every record from Kafka: it has no lines now', () => {
    const creator = guardedLogCreator(() => {
      throw BOOM;
    });
    expect(() => creator(4)(ENTRY)).not.toThrow();
  });

  it('that is async has its promise looked after', () => {
    const given = Promise.resolve();
    const then = vi.spyOn(given, 'then');
    guardedLogCreator(() => () => given as never)(4)(ENTRY);
    expect(then.mock.calls).toEqual([[undefined, expect.any(Function)]]);
  });

  it('may put a line off: it is still one of the client, if not what the creator has begun with', async () => {
    const later: Promise<boolean>[] = [];
    const isGuardedLater = (): void => void later.push(Promise.resolve().then(isGuarded));
    runInScope({ active: true }, () => {
      guardedLogCreator(() => {
        isGuardedLater();
        return isGuardedLater;
      })(4)(ENTRY);
    });
    expect(await Promise.all(later)).toEqual([false, true]);
  });
});

describe('the brokers', () => {
  const ask = async (brokers: unknown): Promise<unknown> => {
    const guarded = guardedProviders(configOf({ brokers }), untold).brokers;
    return typeof guarded === 'function' ? await guarded() : guarded;
  };

  it('of a list stay the list', async () => {
    expect(await ask(BROKERS)).toBe(BROKERS);
  });

  it('of a function are those it gives, in a list or one string', async () => {
    expect(await ask(async () => BROKERS)).toEqual(BROKERS);
    expect(await ask(() => 'a:1, b:2')).toEqual(BROKERS);
  });

  it('are asked for under the flag', async () => {
    let flags: unknown;
    await ask(async () => {
      flags = await seen();
      return BROKERS;
    });
    expect(flags).toEqual([true, true]);
  });

  it('of a function that can never work are an error, and no connection', async () => {
    await expect(ask(() => ['a'])).rejects.toThrow(
      /^kafka\.brokers must be "host:port" .*; its function returned a list whose entry \[0\] has no port$/,
    );
    await expect(ask(() => Promise.reject(BOOM))).rejects.toMatchObject({
      message: 'kafka.brokers failed: boom',
      cause: BOOM,
    });
  });
});

describe('a provider of tokens', () => {
  const provide = async (config: KafkaConfig, onToken: (token: unknown) => void): Promise<unknown> => {
    const { sasl } = guardedProviders(config, onToken);
    if (sasl === undefined || !('oauthBearerProvider' in sasl)) return expect.unreachable();
    return await sasl.oauthBearerProvider();
  };

  it('is asked under the flag, and its token is told of', async () => {
    const tokens: unknown[] = [];
    const token = { value: 'the token' };
    let flags: unknown;
    const config = oauth(async () => {
      flags = await seen();
      return token;
    });
    expect(await provide(config, (told) => tokens.push(told))).toBe(token);
    expect([flags, tokens]).toEqual([[true, true], ['the token']]);
    expect(guardedProviders(config, untold).sasl).toMatchObject({ mechanism: 'oauthbearer' });
  });

  it('that gives none is an error, and no token is told of', async () => {
    const tokens: unknown[] = [];
    const asked = provide(
      oauth(() => undefined),
      (told) => tokens.push(told),
    );
    await expect(asked).rejects.toThrow(
      'kafka.sasl.oauthBearerProvider failed: what it returned is undefined, and not { value }',
    );
    expect(tokens).toEqual([]);
  });

  it.each([
    ['throws', () => expect.fail('boom')],
    ['rejects', () => Promise.reject(BOOM)],
  ])('that %s is named in the error', async (_name, provider) => {
    await expect(provide(oauth(provider), untold)).rejects.toMatchObject({
      message: 'kafka.sasl.oauthBearerProvider failed: boom',
      cause: { message: 'boom' },
    });
  });
});

it('an authentication of its own is made, and runs, under the flag', async () => {
  const calls: unknown[][] = [];
  const sasl = {
    mechanism: 'own',
    authenticationProvider: (args: unknown) => {
      calls.push([isGuarded(), args]);
      return { authenticate: async () => void calls.push(await seen()) };
    },
  };
  const guarded = guardedProviders(configOf({ sasl }), untold).sasl;
  if (guarded === undefined || !('authenticationProvider' in guarded)) return expect.unreachable();
  const args = { host: 'a' } as never;
  await guarded.authenticationProvider(args).authenticate();
  expect(calls).toEqual([
    [true, args],
    [true, true],
  ]);
});

it('a user name and password are a copy, for kafkajs adds to what it is given', () => {
  const { sasl } = guardedProviders(configOf({ sasl: plain }), untold);
  expect(sasl).toEqual(plain);
  expect(sasl).not.toBe(plain);
});

describe('TLS', () => {
  it('has its functions called under the flag, as methods of the options, and all else as it is', () => {
    const calls: unknown[] = [];
    const ssl = {
      ca: ['the authority'],
      checkServerIdentity(...args: unknown[]) {
        calls.push([this === ssl, isGuarded(), args]);
        return BOOM;
      },
    };
    const guarded = guardedProviders(configOf({ ssl: ssl as never }), untold).ssl as typeof ssl;
    expect(guarded.ca).toBe(ssl.ca);
    expect(guarded.checkServerIdentity('host', 'cert')).toBe(BOOM);
    expect(calls).toEqual([[true, true, ['host', 'cert']]]);
  });

  it.each([[true], [false]])('may be just %s', (ssl) => {
    const config = configOf({ ssl });
    expect({ ...config, ...guardedProviders(config, untold) }).toEqual(config);
  });
});

it('what is not given is not there, for kafkajs looks', () => {
  expect(Object.keys(guardedProviders(configOf({}), untold))).toEqual(['brokers']);
});

describe('a socket factory', () => {
  const ARGS = { host: 'a', port: 1 } as ISocketFactoryArgs;

  it('is called under the flag, which its socket has until a second after it has closed', async () => {
    const clock = new HeldClock();
    const after = vi.spyOn(systemClock, 'after').mockImplementation((ms, fn) => clock.after(ms, fn));
    const socket = new EventEmitter();
    let isLaterGuarded: () => boolean = () => false;
    const calls: unknown[] = [];
    const make = guardedSocketFactory((args) => {
      calls.push([isGuarded(), args]);
      isLaterGuarded = AsyncResource.bind(isGuarded);
      return socket as never;
    });
    expect(make(ARGS)).toBe(socket);
    expect(calls).toEqual([[true, ARGS]]);
    await clock.pass(60_000);
    expect([isLaterGuarded(), isGuarded()]).toEqual([true, false]);
    socket.emit('close');
    await clock.pass(999);
    expect(isLaterGuarded()).toBe(true);
    await clock.pass(1);
    expect(isLaterGuarded()).toBe(false);
    after.mockRestore();
  });

  it('that throws has its error passed on, and what it has begun is not silenced', () => {
    let isLaterGuarded: () => boolean = () => true;
    const make = guardedSocketFactory(() => {
      isLaterGuarded = AsyncResource.bind(isGuarded);
      throw BOOM;
    });
    expect(() => make(ARGS)).toThrow('kafka.socketFactory failed: boom');
    expect(isLaterGuarded()).toBe(false);
  });

  it('that is async, and was rejected, ended the process', () => {
    const given = Promise.reject(BOOM);
    const make = guardedSocketFactory((() => given) as never);
    expect(() => make(ARGS)).toThrow('kafka.socketFactory failed: it returned a promise');
  });
});

import type { ConnectionOptions } from 'node:tls';
import type {
  BrokersFunction,
  ISocketFactory,
  KafkaConfig,
  logCreator,
  OauthbearerProviderResponse,
  SASLOptions,
} from 'kafkajs';
import { endSoon } from '../../loop-safety/end-soon.ts';
import { guardSync, guardSyncInScope, runGuarded, runInScope, type Scope } from '../../loop-safety/guard.ts';
import { attempt, isObject } from '../../util/safely.ts';
import { handleRejection, isThenable } from '../../util/thenable.ts';
import { ProviderError } from '../provider-error.ts';
import { BROKERS_RULE, kindOf, readBrokers } from './brokers/broker-list.ts';

// What a log-in of the caller's has from the connection that kafkajs lends it: these tell best what has failed, and are no
// record's fault either.
const OF_CONNECTION = /^KafkaJS(Connection|RequestTimeout|SASLAuthentication)/;

/** Whether code of the caller's runs inside the client, and may log there, also after an `await`. */
export function runsCallersCode({ logCreator: creator, socketFactory, sasl, brokers }: KafkaConfig): boolean {
  return (
    creator !== undefined ||
    socketFactory !== undefined ||
    typeof brokers === 'function' ||
    (isObject(sasl) && ('oauthBearerProvider' in sasl || 'authenticationProvider' in sasl))
  );
}

export function guardedLogCreator(creator: logCreator): logCreator {
  return (level) => {
    // One that throws has no lines: that keeps no record from Kafka.
    const log = attempt(() => guardSync(creator, level)) ?? (() => undefined);
    return (entry) => {
      // kafkajs calls it from inside connect and send, which a function that throws there would break.
      try {
        const result: unknown = guardSyncInScope(log, entry);
        // An async one: unhandled, its rejection would end the process.
        handleRejection(result);
      } catch {
        // The line is lost, the records are not.
      }
    };
  };
}

/**
 * The functions of the caller's that kafkajs waits for: what they await is part of the shipping. So each call
 * has a scope of its own, which ends when it has answered: what it leaves behind, such as a connection pool, is
 * not silenced.
 */
export function guardedProviders(
  { brokers, sasl, ssl }: KafkaConfig,
  onToken: (token: unknown) => void,
): Pick<KafkaConfig, 'brokers' | 'sasl' | 'ssl'> {
  return {
    brokers: typeof brokers === 'function' ? () => askedBrokers(brokers) : brokers,
    // What is none (`null`, `false`), or nonsense, kafkajs judges itself.
    ...(isObject(sasl) && { sasl: guardedSasl(sasl, onToken) }),
    ...(isObject(ssl) && { ssl: guardedSsl(ssl) }),
  };
}

/** What a function answers may be anything: what can never work is an error here, and no connection to port NaN. */
async function askedBrokers(brokers: BrokersFunction): Promise<string[]> {
  const { brokers: list, problem } = readBrokers(await asked('kafka.brokers', brokers));
  if (problem === undefined) return list;
  throw new Error(`kafka.brokers must be ${BROKERS_RULE}; its function returned ${problem}`);
}

/**
 * The caller's sockets are part of the shipping for as long as they live: what the factory goes on to do, and what
 * listeners of its own say of the socket. Otherwise "connection closed" would be a record that opens the next one,
 * for ever.
 */
export function guardedSocketFactory(factory: ISocketFactory): ISocketFactory {
  return (args) => {
    const scope: Scope = { active: true };
    try {
      const socket = runInScope(scope, () => guardSyncInScope(factory, args));
      refusePromise(socket);
      socket.once('close', () => endSoon(scope));
      return socket;
    } catch (error) {
      scope.active = false;
      // kafkajs reads the message of what is thrown, which may be anything.
      throw new ProviderError('kafka.socketFactory', error);
    }
  };
}

/** Of a function whose answer cannot be waited for. */
function refusePromise(answer: unknown): void {
  if (!isThenable(answer)) return;
  handleRejection(answer);
  throw new Error('it returned a promise');
}

/** `checkServerIdentity`, `lookup` and the like. */
export function guardedSsl(ssl: object): ConnectionOptions {
  const guarded = Object.entries(ssl).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [name, value];
    const run = (...args: unknown[]): unknown => {
      const result: unknown = guardSync(() => Reflect.apply(value, ssl, args));
      handleRejection(result);
      return result;
    };
    return [name, name === 'checkServerIdentity' ? returningErrors(name, run) : run];
  });
  return Object.fromEntries(guarded);
}

/** For a function whose error is what it returns. Node calls it in a handler of its socket (lib/internal/tls/wrap.js, `onConnectSecure`). */
function returningErrors(name: string, run: (...args: unknown[]) => unknown) {
  return (...args: unknown[]): unknown => {
    try {
      const result = run(...args);
      refusePromise(result);
      return result;
    } catch (error) {
      return new ProviderError(`kafka.ssl.${name}`, error);
    }
  };
}

function guardedSasl(
  sasl: NonNullable<KafkaConfig['sasl']>,
  onToken: (token: unknown) => void,
): NonNullable<KafkaConfig['sasl']> {
  if ('oauthBearerProvider' in sasl) {
    const oauthBearerProvider = (): Promise<OauthbearerProviderResponse> =>
      asked('kafka.sasl.oauthBearerProvider', async () => {
        const token: unknown = await sasl.oauthBearerProvider();
        // kafkajs would read a field of it (broker/saslAuthenticator/oauthBearer.js). Not shown: it may be the token itself.
        if (!isObject(token)) throw new Error(`what it returned is ${kindOf(token)}, and not { value }`);
        onToken(token.value);
        return token as unknown as OauthbearerProviderResponse;
      });
    return { ...sasl, oauthBearerProvider } as SASLOptions;
  }
  if ('authenticationProvider' in sasl) {
    return {
      ...sasl,
      authenticationProvider: (args) => ({
        authenticate: () =>
          asked(
            'kafka.sasl.authenticationProvider',
            () => sasl.authenticationProvider(args).authenticate(),
            OF_CONNECTION,
          ),
      }),
    };
  }
  // A copy: kafkajs adds an `authenticationProvider` of its own to what it is given, and the next client's options
  // would look as if the caller had one.
  return { ...sasl };
}

/**
 * Asks a function of the caller's. What it throws kafkajs passes on as it is: then nobody knows who could not connect to what.
 *
 * @param passed the names of errors that are left as they are
 */
async function asked<Answer>(
  option: string,
  provider: () => Answer | Promise<Answer>,
  passed?: RegExp,
): Promise<Answer> {
  try {
    return await runGuarded(provider);
  } catch (error) {
    const name = isObject(error) ? attempt(() => error.name) : undefined;
    throw passed?.test(String(name)) === true ? error : new ProviderError(option, error);
  }
}

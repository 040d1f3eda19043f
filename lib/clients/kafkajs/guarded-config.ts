import type {
  Authenticator,
  BrokersFunction,
  ISocketFactory,
  KafkaConfig,
  logCreator,
  OauthbearerProviderResponse,
  SASLOptions,
} from 'kafkajs';
import { messageOf } from '../../errors.ts';
import { guardSync, guardSyncInScope, runGuarded, runInScope, type Scope } from '../../loop-safety/guard.ts';
import { systemClock } from '../../util/clock.ts';
import { handleRejection } from '../../util/thenable.ts';
import { BROKERS_RULE, readBrokers } from './brokers/broker-list.ts';

// A log line about a socket that has closed may be put off for a moment; it must not be taken for the application's.
const LATE_LOG_MS = 1_000;

/** Whether code of the caller's runs inside the client, and may log there, also after an `await`. */
export function runsCallersCode({ logCreator: creator, socketFactory, sasl, brokers }: KafkaConfig): boolean {
  return (
    creator !== undefined ||
    socketFactory !== undefined ||
    typeof brokers === 'function' ||
    (sasl !== undefined && ('oauthBearerProvider' in sasl || 'authenticationProvider' in sasl))
  );
}

export function guardedLogCreator(creator: logCreator): logCreator {
  return (level) => {
    const log = guardSync(creator, level);
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
    ...(sasl !== undefined && { sasl: guardedSasl(sasl, onToken) }),
    ...(ssl !== undefined && { ssl: guardedSsl(ssl) }),
  };
}

/** What a function answers may be anything: what can never work is an error here, and no connection to port NaN. */
async function askedBrokers(brokers: BrokersFunction): Promise<string[]> {
  const { brokers: list, problem } = readBrokers(await runGuarded(brokers));
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
    const end = (): void => {
      scope.active = false;
    };
    try {
      const socket = runInScope(scope, () => guardSyncInScope(factory, args));
      socket.once('close', () => systemClock.after(LATE_LOG_MS, end));
      return socket;
    } catch (error) {
      end();
      throw error;
    }
  };
}

/** `checkServerIdentity`, `lookup` and the like. */
function guardedSsl(ssl: NonNullable<KafkaConfig['ssl']>): NonNullable<KafkaConfig['ssl']> {
  if (typeof ssl !== 'object') return ssl;
  const guarded = Object.entries(ssl).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function'
      ? (...args: unknown[]) => guardSync(() => Reflect.apply(value, ssl, args))
      : value,
  ]);
  return Object.fromEntries(guarded);
}

function guardedSasl(
  sasl: NonNullable<KafkaConfig['sasl']>,
  onToken: (token: unknown) => void,
): NonNullable<KafkaConfig['sasl']> {
  if ('oauthBearerProvider' in sasl) {
    const oauthBearerProvider = async (): Promise<OauthbearerProviderResponse> => {
      try {
        const token = await runGuarded(() => sasl.oauthBearerProvider());
        onToken(token?.value);
        return token;
      } catch (error) {
        // kafkajs passes it on as it is: then nobody knows who could not connect to what.
        throw new Error(`kafka.sasl.oauthBearerProvider failed: ${messageOf(error)}`, { cause: error });
      }
    };
    return { ...sasl, oauthBearerProvider } as SASLOptions;
  }
  if ('authenticationProvider' in sasl) {
    return {
      ...sasl,
      authenticationProvider: (args) =>
        guardedAuthenticator(guardSync(() => sasl.authenticationProvider(args))),
    };
  }
  // A copy: kafkajs adds an `authenticationProvider` of its own to what it is given, and the next client's options
  // would look as if the caller had one.
  return { ...sasl };
}

function guardedAuthenticator(authenticator: Authenticator): Authenticator {
  return { authenticate: () => runGuarded(() => authenticator.authenticate()) };
}

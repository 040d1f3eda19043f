import type { Authenticator, KafkaConfig, logCreator, SASLOptions } from 'kafkajs';
import { guardSync, guardSyncInScope, runGuarded } from '../recursion/guard.ts';

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
        guardSyncInScope(log, entry);
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
export function guardedProviders({ brokers, sasl }: KafkaConfig): Pick<KafkaConfig, 'brokers' | 'sasl'> {
  return {
    brokers: typeof brokers === 'function' ? () => runGuarded(brokers) : brokers,
    ...(sasl !== undefined && { sasl: guardedSasl(sasl) }),
  };
}

function guardedSasl(sasl: NonNullable<KafkaConfig['sasl']>): NonNullable<KafkaConfig['sasl']> {
  if ('oauthBearerProvider' in sasl) {
    const { oauthBearerProvider } = sasl;
    return { ...sasl, oauthBearerProvider: () => runGuarded(oauthBearerProvider) } as SASLOptions;
  }
  if ('authenticationProvider' in sasl) {
    const { authenticationProvider } = sasl;
    return {
      ...sasl,
      authenticationProvider: (args) => guardedAuthenticator(guardSync(authenticationProvider, args)),
    };
  }
  return sasl;
}

function guardedAuthenticator(authenticator: Authenticator): Authenticator {
  return { authenticate: () => runGuarded(() => authenticator.authenticate()) };
}

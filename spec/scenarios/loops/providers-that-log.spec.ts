import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { checkServerIdentity } from 'node:tls';
import type { KafkaConfig } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { Collecting, loggerWith, numbered, startCluster, transportTo } from '../../support/harness.ts';
import { bounded, expectNoLoop, fallsSilent } from '../../support/loops.ts';

type Log = (what: string) => void;

/** As SASL/PLAIN has it: bytes with their length, of three texts with NUL between. */
function plainRequest(): Buffer {
  const text = Buffer.from('\0me\0secret');
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/** What of the caller's kafkajs runs, and waits for. */
const PROVIDERS: Record<string, (log: Log, brokers: string[]) => KafkaConfig> = {
  'a function for the brokers': (log, brokers) => ({
    brokers: async () => {
      log('asked for brokers');
      await turn();
      log('asked for brokers, after an await');
      return brokers;
    },
  }),
  'a token provider': (log, brokers) => ({
    brokers,
    sasl: {
      mechanism: 'oauthbearer',
      async oauthBearerProvider() {
        // Called as a method, as without the guard.
        log(`asked for a token by ${this.mechanism}`);
        await turn();
        log('asked for a token, after an await');
        return { value: 'token' };
      },
    },
  }),
  'an authentication provider': (log, brokers) => ({
    brokers,
    sasl: {
      mechanism: 'plain',
      authenticationProvider: ({ saslAuthenticate }) => {
        log('asked for an authenticator');
        return {
          authenticate: async () => {
            log('asked to authenticate');
            await turn();
            log('asked to authenticate, after an await');
            await saslAuthenticate({ request: { encode: plainRequest } });
            log('authenticated');
          },
        };
      },
    },
  }),
  'a socket factory': (log, brokers) => ({
    brokers,
    socketFactory: ({ host, port, onConnect }) => {
      log('asked for a socket');
      void turn().then(() => log('asked for a socket, after an await'));
      const socket = connect({ host, port }, () => {
        log('connected');
        onConnect();
      });
      socket.on('close', () => {
        log('the socket has closed');
        setImmediate(() => log('the socket has closed, a turn ago'));
      });
      return socket;
    },
  }),
};

const WITH_SASL = { sasl: () => true };

describe.each(Object.entries(PROVIDERS))('%s that logs', (name, configure) => {
  it('is kept out, also after an await, and when the client is replaced', async () => {
    const cluster = await startCluster(
      name.startsWith('a token') || name.startsWith('an auth') ? WITH_SASL : {},
    );
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const kafka = configure(
      bounded((what: string) => logger.info(what)),
      cluster.addresses,
    );
    // Let go of at once: what is logged of the end of a connection must not open the next one, for ever.
    const transport = transportTo(cluster, { kafka, idleTimeoutMs: 1 });
    logger.add(transport);
    const app = numbered(3);
    for (const [index, message] of app.entries()) {
      logger.info(message);
      await transport.flush(Infinity);
      await cluster.until(() => cluster.connections === 0 && cluster.connectionsEver > index);
    }
    await fallsSilent(transport);
    expect(transport.stats().reconnects).toBe(2);
    expect(sibling.infos.length).toBeGreaterThanOrEqual(app.length + 3 * 2);
    await expectNoLoop({ cluster, transport, sibling, app });
  });

  it('is kept out during an outage', async () => {
    const cluster = await startCluster(
      name.startsWith('a token') || name.startsWith('an auth') ? WITH_SASL : {},
    );
    await cluster.down();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const kafka = configure(
      bounded((what: string) => logger.info(what)),
      cluster.addresses,
    );
    const transport = transportTo(cluster, { kafka });
    logger.add(transport);
    const failed = new Promise((resolve) => transport.once('warn', resolve));
    logger.info('a record');
    await failed;
    await cluster.up();
    await fallsSilent(transport);
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'] });
  });
});

describe('a check of the server certificate that logs', () => {
  it('is kept out', async () => {
    const cluster = await startCluster({ tls: SPEC_TLS });
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      kafka: {
        brokers: cluster.addresses,
        ssl: {
          ca: SPEC_TLS.cert,
          checkServerIdentity: (host, certificate) => {
            logger.info(`checking ${host}`);
            return checkServerIdentity(host, certificate);
          },
        },
      },
    });
    logger.add(transport);
    logger.info('a record');
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'], reentrant: ['checking 127.0.0.1'] });
  });
});

describe('a socket factory that throws', () => {
  it('leaves nothing guarded behind', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    let later = (): void => undefined;
    const transport = transportTo(cluster, {
      kafka: {
        brokers: cluster.addresses,
        socketFactory: ({ host, port, onConnect }) => {
          if (sibling.infos.length > 1) return connect({ host, port }, onConnect);
          const waiting = new Promise<void>((resolve) => {
            later = resolve;
          });
          void waiting.then(() => logger.info('later'));
          logger.info('no proxy');
          throw new Error('no proxy');
        },
      },
    });
    logger.add(transport);
    logger.info('a record');
    await transport.flush(Infinity);
    later();
    await cluster.until(() => cluster.count('app-logs') === 2);
    await expectNoLoop({ cluster, transport, sibling, app: ['a record', 'later'], reentrant: ['no proxy'] });
  });
});

import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type winston from 'winston';
import { isGuarded, type KafkaTransport, type KafkaTransportOptions } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { kafkaOf } from '../../../testing/broker/kafkajs-client.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';

/** Makes something that logs later, and returns how to have it do so. */
type Make = (log: (what: string) => void) => () => Promise<unknown>;

/** What outlives the callback that made it. Each logs once when it is asked to, in a context of its own. */
const THINGS: Record<string, Make> = {
  'a timer': (log) => {
    const fired = new Promise<void>((resolve) => {
      setTimeout(() => {
        log('timer');
        resolve();
      }, 1);
    });
    return () => fired;
  },
  'a promise chain': (log) => {
    let start = (): void => undefined;
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const done = started.then(() => null).then(() => log('promise chain'));
    return () => {
      start();
      return done;
    };
  },
  'a socket server': (log) => {
    const server = createTcpServer((socket) => {
      log('socket server');
      socket.end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    return async () => {
      if (!server.listening) await once(server, 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
      await once(client, 'close');
    };
  },
  'a connection that is kept': (log) => {
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (): Promise<void> => {
      if (!server.listening) await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await new Promise<void>((resolve) => {
        get({ port, host: '127.0.0.1', agent }, (response) => {
          response.on('data', () => log('kept connection')).on('end', resolve);
        });
      });
    };
    onTestFinished(() => {
      agent.destroy();
      server.close();
    });
    return ask;
  },
};

interface Stage {
  readonly cluster: BrokerCluster;
  readonly logger: winston.Logger;
  /** Called in the callback; makes the thing, once. */
  readonly make: () => void;
}

const onlyOnce = (fn: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    fn();
  };
};

/** Where it is made. Those that run inside the client turn the asynchronous half of the flag on. */
const PLACES: Record<string, (stage: Stage) => Partial<KafkaTransportOptions>> = {
  topic: ({ make }) => ({
    topic: () => {
      make();
      return TOPIC;
    },
  }),
  key: ({ make }) => ({
    key: () => {
      make();
      return 'a key';
    },
  }),
  'key, beside a logCreator': ({ make, cluster, logger }) => ({
    key: () => {
      make();
      return 'a key';
    },
    kafka: { brokers: cluster.addresses, logCreator: () => (entry) => void logger.debug(entry.log.message) },
  }),
  'a logged listener': () => ({}),
  'a warn listener': () => ({
    headers: () => {
      throw new Error('no headers');
    },
  }),
  'a function for the brokers, which has answered': ({ make, cluster }) => ({
    kafka: {
      brokers: async () => {
        await null;
        make();
        return cluster.addresses;
      },
    },
  }),
  'a token provider, which has answered': ({ make, cluster }) => ({
    kafka: {
      brokers: cluster.addresses,
      sasl: {
        mechanism: 'oauthbearer',
        oauthBearerProvider: async () => {
          await null;
          make();
          return { value: 'token' };
        },
      },
    },
  }),
  'a producer factory': ({ make, cluster }) => ({
    producer: () => {
      make();
      return { connect: async () => undefined, send: sendTo(cluster), disconnect: async () => undefined };
    },
  }),
  'the fallback': ({ make }) => ({
    topic: ({ message }) => (message === 'a record' ? 'no topic!' : TOPIC),
    fallback: () => make(),
    dropNotice: false,
  }),
};

/** A producer that is no kafkajs. */
function sendTo(cluster: BrokerCluster) {
  return async ({ topic, messages }: { topic: string; messages: { value: string }[] }) => {
    sent.set(cluster, [...(sent.get(cluster) ?? []), ...messages.map(({ value }) => value)]);
    return [{ topicName: topic, partition: 0, errorCode: 0 }];
  };
}
const sent = new WeakMap<BrokerCluster, string[]>();

async function settle(transport: KafkaTransport): Promise<void> {
  await transport.flush(Infinity);
  expectLaw(transport);
}

describe.each(Object.entries(PLACES))('made inside %s', (place, optionsAt) => {
  it.each(Object.entries(THINGS))('%s logs to Kafka later', async (_, makeThing) => {
    const sasl = place.startsWith('a token') ? { sasl: () => true } : {};
    const cluster = await startCluster(sasl);
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const seen: boolean[] = [];
    let run: (() => Promise<unknown>) | undefined;
    const make = onlyOnce(() => {
      expect(isGuarded()).toBe(true);
      run = makeThing((what) => {
        seen.push(isGuarded());
        logger.info(what);
      });
    });
    const transport = transportTo(cluster, optionsAt({ cluster, logger, make }));
    if (place === 'a logged listener') transport.on('logged', make);
    if (place === 'a warn listener') transport.on('warn', make);
    logger.add(transport);
    logger.info('a record');
    await settle(transport);
    await run?.();
    await settle(transport);
    expect(seen).toEqual([false]);
    const shipped = sent.get(cluster) ?? cluster.values(TOPIC);
    const app = place === 'the fallback' ? [] : ['a record'];
    expect(shipped).toEqual([...app, sibling.messages.at(-1)]);
    expect(shipped).toHaveLength(app.length + 1);
  });
});

/** What runs inside the client for as long as that lives. */
const OF_A_CLIENT: Record<
  string,
  (cluster: BrokerCluster, make: () => void) => Partial<KafkaTransportOptions>
> = {
  'a log function of the client': ({ addresses: brokers }, make) => ({
    kafka: { brokers, logCreator: () => make },
    clientLog: { level: 'debug' },
  }),
  'a producer of a function': (cluster, make) => ({
    producer: () => {
      const producer = kafkaOf(cluster).producer({ createPartitioner: () => () => 0 });
      const connect = async (): Promise<void> => {
        make();
        await producer.connect();
      };
      return { ...producer, connect };
    },
  }),
};

it.each(Object.entries(OF_A_CLIENT))(
  "what %s has made is the application's again once that client is gone",
  async (_, optionsAt) => {
    const cluster = await startCluster();
    const logger = loggerWith();
    const seen: boolean[] = [];
    let run: (() => Promise<unknown>) | undefined;
    const make = onlyOnce(() => {
      run = THINGS['a socket server']?.(() => {
        seen.push(isGuarded());
        logger.info('a connection');
      });
    });
    const transport = transportTo(cluster, optionsAt(cluster, make));
    logger.add(transport);
    logger.info('a record');
    await settle(transport);
    await run?.();
    // As long as it is there, what it logs may be a line of the client's that was put off.
    expect(seen).toEqual([true]);
    await transport.close();
    logger.remove(transport).add(transport);
    while (seen.at(-1) === true) await run?.();
    await settle(transport);
    expect(cluster.values(TOPIC)).toEqual(['a record', 'a connection']);
  },
);

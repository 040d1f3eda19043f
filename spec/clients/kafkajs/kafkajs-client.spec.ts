// One kafkajs client, as a sender has it: what is told of it, how it fails, and how it is ended. What it has in common with all
// other clients is in the folder `contract`.
import net, { type Socket } from 'node:net';
import { CompressionTypes, Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SendOutcome } from '../../../lib/clients/client.ts';
import { isNotSent } from '../../../lib/clients/not-sent-error.ts';
import { isGuarded } from '../../../lib/loop-safety/guard.ts';
import { rootCause } from '../../../lib/util/root-cause.ts';
import { clientBatch } from '../../sender/rig.ts';
import { numbered, startCluster, TOPIC } from '../../support/harness.ts';
import { recordsOf } from '../contract/records.ts';
import { batchOf, outcomeOf } from '../contract/rig.ts';
import { connected, sourceTo } from './rig.ts';

const NOWHERE = '127.0.0.1:1';
// Of a record batch: the codec is in the lowest bits of its attributes.
const ATTRIBUTES_AT = 21;

const messageOf = (outcome: SendOutcome): string =>
  'error' in outcome ? (outcome.error as Error).message : 'none';

/** A socket factory, and the sockets that it has made. */
function noting() {
  const sockets: Socket[] = [];
  const socketFactory = ({
    host,
    port,
    onConnect,
  }: {
    host: string;
    port: number;
    onConnect: () => void;
  }) => {
    const socket = net.connect({ host, port }, onConnect);
    sockets.push(socket);
    return socket;
  };
  return { sockets, socketFactory };
}

describe('a source', () => {
  it('says how many brokers its clients reach for, and what an idempotent producer needs', () => {
    const brokers = ['a:1', 'b:1'];
    expect(sourceTo({ brokers })).toMatchObject({
      keepsSendTogether: true,
      isOwned: true,
      resendsWhole: false,
      brokerCount: 2,
    });
    expect(sourceTo({ brokers: async () => brokers }, { idempotent: true })).toMatchObject({
      resendsWhole: true,
      brokerCount: 1,
    });
  });

  it('has each client begin with the next broker, and the first with any', async () => {
    const cluster = await startCluster({ brokers: 3 });
    const reached: number[] = [];
    cluster.on('connection', ({ broker }) => reached.push(broker));
    const source = sourceTo({ brokers: cluster.addresses }, { random: () => 1 / 1_024 });
    for (const _ of numbered(3)) await connected(source);
    expect(reached).toEqual([1, 2, 0]);
  });
});

describe('its path', () => {
  it.each([
    [true, 'fast', 12],
    [false, 'send', 7],
  ])('is told once (fastPath: %s)', async (fastPath, path, version) => {
    const cluster = await startCluster();
    const paths: string[] = [];
    const told = { fastPath, onPath: (to: string) => paths.push(to) };
    const client = await connected(sourceTo({ brokers: cluster.addresses }, told));
    expect(paths).toEqual([path]);
    await client.send(batchOf(TOPIC, ['a']));
    await client.send(batchOf(TOPIC, ['b']));
    expect([paths, cluster.produceVersions]).toEqual([[path], [version]]);
  });

  it('is told again where somebody has looked at the messages, as an instrumentation does', async () => {
    const cluster = await startCluster();
    const paths: string[] = [];
    let isLookedAt = true;
    const { producer: make } = Kafka.prototype;
    const making = vi.spyOn(Kafka.prototype, 'producer').mockImplementation(function (this: Kafka, config) {
      const producer = make.call(this, config);
      const send: typeof producer.send = (record) => {
        if (isLookedAt) void [...record.messages];
        return producer.send(record);
      };
      return { ...producer, send };
    });
    onTestFinished(() => making.mockRestore());
    const client = await connected(
      sourceTo({ brokers: cluster.addresses }, { onPath: (to) => paths.push(to) }),
    );
    await client.send(batchOf(TOPIC, ['a']));
    isLookedAt = false;
    await client.send(batchOf(TOPIC, ['b']));
    expect(cluster.values(TOPIC)).toEqual(['a', 'b']);
    expect(paths).toEqual(['fast', 'send', 'fast']);
  });
});

describe('a send', () => {
  it.each([true, false])('asks for what the options say (fastPath: %s)', async (fastPath) => {
    const cluster = await startCluster();
    const options = { fastPath, acks: 1 as const, compression: CompressionTypes.GZIP };
    const client = await connected(sourceTo({ brokers: cluster.addresses }, options));
    await client.send(batchOf(TOPIC, ['a', 'b']));
    const plain = await connected(sourceTo({ brokers: cluster.addresses }, { fastPath }));
    await plain.send(batchOf(TOPIC, ['c']));
    expect(cluster.produceRequests.map(({ acks }) => acks)).toEqual([1, -1]);
    expect(cluster.batches(TOPIC).map(({ bytes }) => bytes.readInt16BE(ATTRIBUTES_AT))).toEqual([1, 0]);
    expect(cluster.values(TOPIC)).toEqual(['a', 'b', 'c']);
  });

  it.each([true, false])(
    'to a broker that is gone was not sent, and says so (fastPath: %s)',
    async (fastPath) => {
      const cluster = await startCluster();
      const { sockets, socketFactory } = noting();
      const kafka = { brokers: cluster.addresses, socketFactory };
      const client = await connected(sourceTo(kafka, { fastPath }));
      await client.send(batchOf(TOPIC, ['a']));
      const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      await cluster.down();
      await Promise.all(closed);
      const { error } = (await outcomeOf(client.send(batchOf(TOPIC, ['b'])))) as { error: Error };
      expect(isNotSent(error)).toBe(true);
      expect(error.message).toMatch(`connect ECONNREFUSED ${cluster.addresses[0]}`);
      expect(rootCause(error)).toMatchObject({ name: 'KafkaJSConnectionError' });
      expect(error.stack).not.toMatch('kafkajs-client');
    },
  );

  it.each([true, false])('whose connection breaks may have been sent (fastPath: %s)', async (fastPath) => {
    const cluster = await startCluster();
    const client = await connected(sourceTo({ brokers: cluster.addresses }, { fastPath }));
    cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
    const outcome = await outcomeOf(client.send(batchOf(TOPIC, ['a'])));
    expect(outcome).toMatchObject({ error: expect.any(Error) });
    expect(isNotSent((outcome as { error: unknown }).error)).toBe(false);
  });

  it('that was written may have been stored, though it fails because nobody listens any more', async () => {
    const cluster = await startCluster();
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    cluster.once('append', () => void cluster.down());
    const { error } = (await outcomeOf(client.send(batchOf(TOPIC, ['a'])))) as { error: Error };
    expect(error.message).toMatch('ECONNREFUSED');
    expect(isNotSent(error)).toBe(false);
  });

  it('that fails for another reason before it was written fails with that', async () => {
    const cluster = await startCluster();
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    const { error } = (await outcomeOf(client.send(batchOf('not-there', ['a'])))) as { error: Error };
    expect(isNotSent(error)).toBe(false);
    expect(rootCause(error)).toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  it('that has failed leaves nothing to the next one of its topic', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const client = await connected(sourceTo({ brokers: cluster.addresses }, { random: () => 0.5 }));
    cluster.inject({ api: 'Produce', action: { error: 7 } });
    const first = clientBatch(TOPIC, recordsOf(TOPIC, ['a']));
    await outcomeOf(client.send(first));
    const second = batchOf(TOPIC, ['b'], 2);
    await client.send(second);
    const third = clientBatch(TOPIC, recordsOf(TOPIC, ['c']));
    await client.send(third);
    expect([first.partition, second.partition, third.partition]).toEqual([1, 2, 1]);
  });
});

describe('an error', () => {
  it('says which broker it was, at once, whatever the configuration says of retries', async () => {
    const { addresses } = await startCluster();
    const kafka = { brokers: [NOWHERE, ...addresses], retry: { retries: 3, initialRetryTime: 1 } };
    const { error } = (await outcomeOf(connected(sourceTo(kafka)))) as { error: Error };
    expect(error).toMatchObject({ message: expect.stringContaining(NOWHERE), retryCount: 0 });
  });

  it('has none of the secrets in it, nor those of another client of the source', async () => {
    const cluster = await startCluster({ sasl: ({ mechanism }) => `no ${mechanism} for s3cret-password` });
    const sasl = { mechanism: 'plain' as const, username: 'me', password: 's3cret-password' };
    const { error } = (await outcomeOf(connected(sourceTo({ brokers: cluster.addresses, sasl })))) as {
      error: Error;
    };
    expect(error.message).toMatch('***');
    expect(error.message).not.toMatch('s3cret');
  });

  it('has no token in it that a function of the application’s has answered', async () => {
    const cluster = await startCluster({ sasl: () => 'no, not with to-ken-1' });
    const oauthBearerProvider = async () => ({ value: 'to-ken-1' });
    const sasl = { mechanism: 'oauthbearer' as const, oauthBearerProvider };
    const outcome = await outcomeOf(connected(sourceTo({ brokers: cluster.addresses, sasl })));
    expect(messageOf(outcome)).toMatch('no, not with ***');
  });

  it('of a broker that does not answer is kafkajs’s only where the configuration has a limit of its own', async () => {
    const cluster = await startCluster();
    const { addresses: brokers } = cluster;
    const without = await connected(sourceTo({ brokers }, { requestTimeoutMs: 1 }));
    const limited = await connected(sourceTo({ brokers, requestTimeout: 500 }));
    cluster.inject({ api: 'Produce', action: { silent: 'before-store' }, times: 9 });
    let isOver = false;
    const sending = outcomeOf(without.send(batchOf(TOPIC, ['a']))).then(() => {
      isOver = true;
    });
    expect(messageOf(await outcomeOf(limited.send(batchOf(TOPIC, ['b']))))).toMatch('Request Produce');
    expect(isOver).toBe(false);
    without.kill();
    await sending;
  });
});

describe('a client that is given up', () => {
  it('fails what it has under way, opens no connection any more, and has nothing to say of that', async () => {
    const cluster = await startCluster();
    const lines: string[] = [];
    const logCreator = () => (entry: LogEntry) => void lines.push(entry.log.message);
    const source = sourceTo({ brokers: cluster.addresses }, { logCreator, logLevel: logLevel.INFO });
    const client = await connected(source);
    const silence = cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
    const sending = outcomeOf(client.send(batchOf(TOPIC, ['a'])));
    await cluster.until(() => silence.hits === 1);
    client.kill();
    expect(messageOf(await sending)).toMatch('given up by winston-kafkajs');
    await cluster.until(() => cluster.connections === 0);
    const { connectionsEver } = cluster;
    expect(messageOf(await outcomeOf(client.send(batchOf(TOPIC, ['b']))))).toMatch(
      'given up by winston-kafkajs',
    );
    expect(messageOf(await outcomeOf(client.connect()))).toMatch('given up by winston-kafkajs');
    expect(cluster.connectionsEver).toBe(connectionsEver);
    expect(lines).toEqual([]);
  });

  it('while it connects has not connected', async () => {
    const cluster = await startCluster();
    const client = sourceTo({ brokers: cluster.addresses }).make();
    const silence = cluster.inject({ api: 'ApiVersions', action: { silent: 'before-store' } });
    const connecting = outcomeOf(client.connect());
    await cluster.until(() => silence.hits === 1);
    client.kill();
    expect(messageOf(await connecting)).toMatch('given up by winston-kafkajs');
  });
});

it('closed, it has no connection', async () => {
  const cluster = await startCluster();
  const client = await connected(sourceTo({ brokers: cluster.addresses }));
  await client.close();
  await cluster.until(() => cluster.connections === 0);
});

it('a socket that somebody has destroyed ends what waits for an answer on it', async () => {
  const cluster = await startCluster();
  const { sockets, socketFactory } = noting();
  const client = await connected(sourceTo({ brokers: cluster.addresses, socketFactory }));
  const silence = cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  const sending = outcomeOf(client.send(batchOf(TOPIC, ['a'])));
  await cluster.until(() => silence.hits === 1);
  for (const socket of sockets) socket.destroy();
  expect(messageOf(await sending)).toMatch('Closed connection');
});

it('a socket is told of its end once', async () => {
  const cluster = await startCluster();
  const { sockets, socketFactory } = noting();
  await connected(sourceTo({ brokers: cluster.addresses, socketFactory }));
  let ends = 0;
  for (const socket of sockets) socket.on('end', () => ends++);
  const closed = Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  await cluster.down();
  await closed;
  expect(ends).toBeLessThanOrEqual(sockets.length);
});

describe('the lines of kafkajs', () => {
  it('show an address as it was given', async () => {
    const brokers: unknown[] = [];
    const logCreator = () => (entry: LogEntry) => void brokers.push(entry.log.broker);
    await outcomeOf(connected(sourceTo({ brokers: ['[::1]:1'] }, { logCreator, logLevel: logLevel.INFO })));
    expect(brokers).toContain('[::1]:1');
  });

  it('failed a log-in of the application’s that logged an error itself, in place of a text', async () => {
    const cluster = await startCluster({ sasl: () => true });
    const messages: unknown[] = [];
    const logCreator = () => (entry: LogEntry) => void messages.push(entry.log.message);
    const sasl: KafkaConfig['sasl'] = {
      mechanism: 'plain',
      authenticationProvider: ({ logger, saslAuthenticate }) => ({
        authenticate: async () => {
          logger.error(new Error('the cache is cold') as never);
          await saslAuthenticate({ request: { encode: () => Buffer.from('\0\0\0\x04\0a\0b', 'latin1') } });
        },
      }),
    };
    await connected(sourceTo({ brokers: cluster.addresses, sasl }, { logCreator, logLevel: logLevel.ERROR }));
    expect(messages).toEqual([new Error('the cache is cold')]);
  });

  it('are as many as the level says, and not about the retries that the transport makes itself', async () => {
    const { addresses } = await startCluster();
    const linesAt = async (level: logLevel): Promise<string[]> => {
      const lines: string[] = [];
      const logCreator = () => (entry: LogEntry) => void lines.push(entry.log.message);
      const source = sourceTo({ brokers: addresses }, { logCreator, logLevel: level, idempotent: true });
      await connected(source);
      return lines;
    };
    expect(await linesAt(logLevel.WARN)).toEqual([]);
    expect(await linesAt(logLevel.DEBUG)).not.toEqual([]);
  });
});

it('what the application’s code logs inside a client is logged under the flag, also later', async () => {
  const cluster = await startCluster();
  const flags: boolean[] = [];
  const note = (): void => void flags.push(isGuarded());
  const brokers = async (): Promise<string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    note();
    return cluster.addresses;
  };
  const { sockets, socketFactory } = noting();
  const client = await connected(
    sourceTo({
      brokers,
      socketFactory: (args) => {
        setImmediate(note);
        return socketFactory(args);
      },
    }),
  );
  sockets[0]?.once('data', note);
  await client.send(batchOf(TOPIC, ['a']));
  expect(flags.length).toBeGreaterThanOrEqual(3);
  expect(flags).not.toContain(false);
  expect(isGuarded()).toBe(false);
});

describe('renewed', () => {
  it('it has cut its connections, waits for what was under way, and has no fresh ones before that', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    const client = await connected(sourceTo({ brokers: cluster.addresses }, { idempotent: true }));
    await client.send(batchOf(TOPIC, ['a']));
    const silence = cluster.inject({ api: 'Produce', action: { silent: 'before-store' }, times: 9 });
    const order: string[] = [];
    const sends = [0, 1].map(async (partition) => {
      await outcomeOf(client.send(batchOf(TOPIC, [`b${partition}`], partition)));
      order.push('failed');
    });
    // The other one waits behind it.
    await cluster.until(() => silence.hits === 1);
    const { connectionsEver } = cluster;
    await client.renew?.();
    order.push('renewed');
    await Promise.all(sends);
    expect(order).toEqual(['failed', 'failed', 'renewed']);
    expect([cluster.connectionsEver, silence.hits]).toEqual([connectionsEver, 1]);
    silence.remove();
    expect(await outcomeOf(client.send(batchOf(TOPIC, ['c'], 0)))).toHaveProperty('answer');
    expect(cluster.values(TOPIC)).toEqual(['a', 'c']);
  });

  it('it has closed sockets: a send that comes next opens one of its own', async () => {
    const cluster = await startCluster();
    const { sockets, socketFactory } = noting();
    const kafka = { brokers: cluster.addresses, socketFactory };
    const client = await connected(sourceTo(kafka, { idempotent: true }));
    await client.renew?.();
    expect(sockets.every((socket) => socket.closed)).toBe(true);
    await client.send(batchOf(TOPIC, ['a']));
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('it is only where it is idempotent', () => {
    expect(sourceTo({ brokers: [NOWHERE] }).make().renew).toBeUndefined();
  });
});

it('is not slowed by earlier sockets: those that have closed are forgotten', async () => {
  const cluster = await startCluster();
  const { sockets, socketFactory } = noting();
  const client = await connected(sourceTo({ brokers: cluster.addresses, socketFactory }));
  onTestFinished(() => client.kill());
  cluster.inject({ api: 'Produce', action: { cut: 'before-store' } });
  await outcomeOf(client.send(batchOf(TOPIC, ['a'])));
  const destroyed: Socket[] = [];
  for (const socket of sockets) {
    const { destroy } = socket;
    socket.destroy = (error?: Error) => {
      destroyed.push(socket);
      return destroy.call(socket, error);
    };
  }
  const open = sockets.filter((socket) => !socket.closed);
  client.kill();
  expect(destroyed).toEqual(open);
});

// A batch is written to kafkajs's connection without going through kafkajs's encoder, where the connection is as expected.
import { createRequire } from 'node:module';
import { afterEach, expect, it, vi } from 'vitest';
import { interceptProduce, type KafkajsProduce } from '../../../lib/clients/kafkajs/workarounds.ts';
import { expectExactlyOnce, expectFlushed } from '../../scenarios/faults/rig.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder.js');
const ConnectionPool = require('kafkajs/src/network/connectionPool.js');

const LONG = 'x'.repeat(10_000);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Delivers some 200 KB. @returns the most bytes that kafkajs has copied in one piece */
async function mostCopied(): Promise<number> {
  const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
  const transport = transportTo(cluster, { headers: () => ({ long: LONG }) });
  const copied = vi.spyOn(Encoder.prototype, 'writeBufferInternal');
  const logger = loggerWith(transport);
  for (let n = 0; n < 20; n++) logger.info(`record ${n}`);
  await expectFlushed(transport, 20);
  expectExactlyOnce(cluster, 20);
  expect(transport.stats().path).toBe('fast');
  return Math.max(...copied.mock.calls.map(([bytes]) => (bytes as Buffer).length));
}

it('kafkajs copies nothing of it', async () => {
  expect(await mostCopied()).toBeLessThan(1_000);
});

it("a connection whose `send` is not kafkajs's own is given the whole request, for its encoder", async () => {
  const { getConnection } = ConnectionPool.prototype;
  vi.spyOn(ConnectionPool.prototype, 'getConnection').mockImplementation(async function (this: object, at) {
    const connection = await getConnection.call(this, at);
    const send = connection.send.bind(connection);
    return Object.assign(connection, { send });
  });
  expect(await mostCopied()).toBeGreaterThan(200_000);
});

interface Asked {
  request: { apiKey: number; encode(): Promise<{ buf: Buffer; buffer: Buffer }> };
}

/** What `connectionPool` is asked to send of a request of ours. */
async function askedOf(connectionPool: object, isKnown = true): Promise<unknown> {
  const sendRequest = Symbol('private:Broker:sendRequest');
  const pool = { isConnected: () => true, ...connectionPool };
  const broker = {
    versions: null,
    connectionPool: pool,
    isConnected: () => true,
    connect: async () => undefined,
    produce: async () => undefined,
    [sendRequest]: (request: unknown) => (broker.connectionPool as unknown as Pool).send(request),
  };
  const createCluster = Symbol('private:Kafka:createCluster');
  const brokerPool = { createBroker: () => broker };
  const connectionPoolBuilder = { build: async () => pool };
  const kafka = { [createCluster]: () => ({ brokerPool, connectionPoolBuilder }) };
  const own = {
    request: { apiKey: 0, apiVersion: 12, apiName: 'Produce' },
    body: [Buffer.from('a body '), Buffer.from('in pieces')],
    response: {},
  };
  interceptProduce(kafka, (_request, { send }) => send(own as never));
  const cluster = kafka[createCluster]();
  if (isKnown) await cluster.connectionPoolBuilder.build();
  cluster.brokerPool.createBroker();
  return await (broker.produce as (request: unknown) => Promise<unknown>)({} as KafkajsProduce);
}

interface Pool {
  send(request: unknown): Promise<unknown>;
}

const inOnePiece = async ({ request }: Asked): Promise<string> => String((await request.encode()).buffer);
const queue = { push: () => undefined, maybeThrottle: () => undefined };

class Connection {
  requestQueue: unknown = queue;

  send(request: Asked): Promise<string> {
    return inOnePiece(request);
  }
}

const poolOf = (connection: object): object => ({
  send: async () => 'not asked',
  getConnectionByRequest: async () => connection,
});

it('what stands behind the header is not encoded for a connection that has its queue', async () => {
  expect(await askedOf(poolOf(new Connection()))).toBe('');
});

it.each<[string, object]>([
  ['a pool that does not show its connections', { send: inOnePiece }],
  ['a connection without a queue', poolOf(Object.assign(new Connection(), { requestQueue: undefined }))],
  [
    'a queue without `push`',
    poolOf(Object.assign(new Connection(), { requestQueue: { ...queue, push: undefined } })),
  ],
  [
    'a queue that cannot be throttled',
    poolOf(Object.assign(new Connection(), { requestQueue: { ...queue, maybeThrottle: undefined } })),
  ],
])('%s is given it in one piece', async (_name, pool) => {
  expect(await askedOf(pool)).toBe('a body in pieces');
});

it('a pool that was made in another way is given it in one piece', async () => {
  expect(await askedOf({ send: inOnePiece }, false)).toBe('a body in pieces');
});

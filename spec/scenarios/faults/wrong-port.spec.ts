// Reported: `ssl: true` on a port without TLS said `read ECONNRESET`, "check the network and the credentials"; a port of
// something else said `Closed connection`, and not which. What listens at an address is a plain server here that does
// what the real thing does.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import { type BrokerClusterOptions, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { loggerWith, START_MS, startCluster, transportTo } from '../../support/harness.ts';
import { untilDown, warningsOf } from './rig.ts';

type Kafka = Partial<NonNullable<KafkaTransportOptions['kafka']>>;

/** A server for the spec; clients may come and go as they like. @returns its address */
async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Does something with each connection. */
const that = (serve: (socket: Socket) => void): Server => createServer(serve);
/** Answers the first bytes that come. */
const answering = (answer: string | Buffer): Server =>
  that((socket) => void socket.once('data', () => socket.write(answer)));

/** What Java's TLS (Kafka) says to bytes that are not TLS: an alert, 352,518,912 to whoever reads a length. */
const ALERT = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);

interface Case {
  readonly what: string;
  readonly server: () => Server;
  readonly kafka?: Kafka;
  readonly cause: RegExp;
  readonly remedy: RegExp;
}

const CASES: Case[] = [
  {
    what: 'TLS to a port without, which resets the connection',
    server: () => that((socket) => void socket.once('data', () => socket.resetAndDestroy())),
    kafka: { ssl: true },
    cause: /read ECONNRESET \(127\.0\.0\.1:\d+, before the TLS handshake was over\)/,
    remedy: /leave kafka\.ssl out/,
  },
  {
    what: 'TLS to a port without, which ends the connection',
    server: () => that((socket) => void socket.once('data', () => socket.end())),
    kafka: { ssl: true },
    cause: /before secure TLS connection was established \(127\.0\.0\.1:\d+\)/,
    remedy: /leave kafka\.ssl out/,
  },
  {
    what: 'TLS to a port without, which waits for more',
    server: () => that((socket) => void socket.resume()),
    kafka: { ssl: true, connectionTimeout: 300 },
    cause: /Connection timeout \(127\.0\.0\.1:\d+, before the TLS handshake was over\)/,
    remedy: /leave kafka\.ssl out/,
  },
  {
    what: 'TLS to a web server',
    server: () => createHttpServer() as unknown as Server,
    kafka: { ssl: true },
    cause: /wrong version number/,
    remedy: /leave kafka\.ssl out/,
  },
  {
    what: 'a certificate of this client that the broker asks for in vain',
    server: () => createTlsServer({ ...SPEC_TLS, requestCert: true, rejectUnauthorized: true }),
    kafka: { ssl: { ca: SPEC_TLS.cert } },
    cause: /certificate required/,
    remedy: /kafka\.ssl\.cert and kafka\.ssl\.key/,
  },
  {
    what: 'no TLS to a port with TLS, as Java answers',
    server: () => that((socket) => void socket.once('data', () => socket.end(ALERT))),
    cause: /Connection error: the answer is TLS \(127\.0\.0\.1:\d+\)/,
    remedy: /wants TLS: give kafka\.ssl/,
  },
  {
    what: 'no TLS to a port with TLS, as OpenSSL answers',
    server: () => createTlsServer(SPEC_TLS),
    cause: /Closed connection \(127\.0\.0\.1:\d+, without an answer\)|the answer is TLS/,
    remedy: /want.* TLS.*kafka\.ssl/,
  },
  {
    what: 'a web server',
    server: () => createHttpServer() as unknown as Server,
    cause: /Connection error: the answer is HTTP \(127\.0\.0\.1:\d+\)/,
    remedy: /A web server or a proxy/,
  },
  {
    what: 'a web server with TLS',
    server: () =>
      createTlsServer(SPEC_TLS, (socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      }),
    kafka: { ssl: { ca: SPEC_TLS.cert } },
    cause: /Connection error: the answer is HTTP/,
    remedy: /A web server or a proxy/,
  },
  {
    what: 'a server that speaks first (SSH)',
    server: () => that((socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')),
    cause: /Connection error: the answer is not in Kafka's protocol \(127\.0\.0\.1:\d+\)/,
    remedy: /Something else than a broker/,
  },
  {
    what: 'a server that answers in text (Redis)',
    server: () => answering('-ERR unknown command\r\n'),
    cause: /Connection error: the answer is not in Kafka's protocol/,
    remedy: /Something else than a broker/,
  },
  // Reported: these ended the process, with an uncaught RangeError or TypeError out of kafkajs's `data` listener.
  ...[
    { what: 'zeros', answer: [0, 0, 0, 0] },
    { what: 'a length too short for any answer', answer: [0, 0, 0, 2, 0, 0] },
    { what: 'a negative length', answer: [255, 255, 255, 255] },
    { what: 'the options of telnet', answer: [0xff, 0xfd, 0x18, 0xff, 0xfd, 0x20] },
  ].map(({ what, answer }) => ({
    what: `a server that answers ${what}`,
    server: () => answering(Buffer.from(answer)),
    cause: /Connection error: the answer is not in Kafka's protocol.*\(127\.0\.0\.1:\d+\)/,
    remedy: /Something else than a broker/,
  })),
  {
    what: 'a server that ends what it does not understand (ZooKeeper)',
    server: () => that((socket) => void socket.once('data', () => socket.end())),
    cause: /Closed connection \(127\.0\.0\.1:\d+, without an answer\)/,
    remedy: /ZooKeeper/,
  },
  {
    what: 'a proxy with no broker behind it, which ends the connection at once',
    server: () => that((socket) => void socket.end()),
    cause: /Closed connection \(127\.0\.0\.1:\d+, without an answer\)/,
    remedy: /a proxy with no broker behind it/,
  },
  {
    what: 'a proxy with no broker behind it, which stays mute',
    server: () => that((socket) => void socket.resume()),
    cause: /did not end within|timed out/,
    remedy: /takes the connection and does not answer/,
  },
];

it.each(CASES)('$what: the warning says what it found there, and what to do', async (given) => {
  const address = await listening(given.server());
  const transport = transportTo(await startCluster(), {
    kafka: { brokers: [address], ...given.kafka },
    requestTimeoutMs: 1_000 + START_MS,
    closeTimeoutMs: 50,
  });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('record');
  await untilDown(transport);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE']);
  expect(warnings[0]?.message).toMatch(given.cause);
  expect(warnings[0]?.message).toMatch(given.remedy);
});

interface BrokerCase {
  readonly what: string;
  readonly cluster: BrokerClusterOptions;
  readonly answer?: number;
  readonly kafka?: Kafka;
  readonly said: RegExp;
}

const BROKER_CASES: BrokerCase[] = [
  {
    what: 'no SASL to a port that wants it',
    cluster: { sasl: () => true },
    said: /Closed connection \(127\.0\.0\.1:\d+, after its first answer\).*check kafka\.sasl/,
  },
  {
    what: 'no TLS to a broker with TLS',
    cluster: { tls: SPEC_TLS },
    said: /want.* TLS.*kafka\.ssl/,
  },
  {
    what: 'a certificate for another host',
    cluster: { tls: SPEC_TLS },
    kafka: { ssl: { ca: SPEC_TLS.cert, servername: 'elsewhere.example' } },
    said: /127\.0\.0\.1:\d+.*another host/,
  },
  { what: 'a topic that is missing', cluster: { topics: {} }, said: /Does the topic exist\?/ },
  { what: 'too few replicas', cluster: {}, answer: ERROR.NOT_ENOUGH_REPLICAS, said: /min\.insync\.replicas/ },
];

it.each(BROKER_CASES)('$what: the warning says what to do', async ({ cluster: how, answer, kafka, said }) => {
  const cluster = await startCluster(how);
  if (answer !== undefined) {
    cluster.inject({ api: 'Produce', times: Number.POSITIVE_INFINITY, action: { error: answer } });
  }
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, ...kafka },
    closeTimeoutMs: 50,
  });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('record');
  await untilDown(transport);
  expect(warnings[0]?.message).toMatch(said);
});

it('a broker that has worked and is stopped: no guesses at TLS or SASL', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses }, closeTimeoutMs: 50 });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  logger.info('record');
  await transport.flush(Infinity);
  await cluster.down();
  logger.info('record');
  await untilDown(transport);
  expect(warnings[0]?.message).toMatch(/127\.0\.0\.1:\d+/);
  expect(warnings[0]?.message).not.toMatch(/TLS|SASL|ZooKeeper|advertised/);
});

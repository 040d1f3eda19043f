// What an error of kafkajs's connection says, by how far connections to that address have ever come.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { KafkaConfig } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { BrokerAddresses } from '../../../../lib/clients/kafkajs/brokers/broker-addresses.ts';
import { BrokerSockets, isConnectionError } from '../../../../lib/clients/kafkajs/brokers/broker-sockets.ts';

const HOST = 'broker';
const BROKER = `${HOST}:9092`;
const ANSWER = Buffer.from([0, 0, 0, 9, 1, 2, 3]);

class HandMadeSocket extends EventEmitter {
  pending = true;
  destroyed = false;
  readonly errors: (string | undefined)[] = [];

  destroy(error?: Error): this {
    this.destroyed = true;
    this.errors.push(error?.message);
    return this;
  }
}

function watching({ ssl, sasl }: Pick<KafkaConfig, 'ssl' | 'sasl'> = {}, configured: string[] = []) {
  const addresses = new BrokerAddresses();
  if (configured.length > 0) addresses.addConfigured(configured);
  const sockets = new BrokerSockets(addresses, { ssl: ssl ?? false, ...(sasl && { sasl }) });
  const watched = (socket = new HandMadeSocket(), port = 9_092): HandMadeSocket => {
    sockets.watch(socket as unknown as Socket, { host: HOST, port });
    return socket;
  };
  const explained = (error: unknown): string => (sockets.explained(error) as Error).message;
  return { sockets, watched, explained };
}

const failed = (message: string, name = 'KafkaJSConnectionError', more: object = {}): Error =>
  Object.assign(new Error(message), { name, broker: BROKER, ...more });
const CLOSED = failed('Closed connection', 'KafkaJSConnectionClosedError');
const LATE = failed('Request ApiVersions timed out', 'KafkaJSRequestTimeoutError');

describe('an error says which broker it was', () => {
  it('unless it does so already', () => {
    const { sockets, explained } = watching();
    expect(explained(failed('Connection timeout'))).toBe(`Connection timeout (${BROKER})`);
    const error = failed(`connect ECONNREFUSED ${BROKER}`);
    expect(sockets.explained(error)).toBe(error);
  });

  it('also where it is the cause of another one, which stays its cause', () => {
    const { sockets } = watching();
    const outer = new Error('retries exceeded', { cause: failed('Connection timeout') });
    expect(sockets.explained(outer)).toMatchObject({
      message: `Connection timeout (${BROKER})`,
      cause: outer,
    });
  });

  it('and by its code, where Node has tried several addresses, and says nothing', () => {
    const { explained } = watching();
    const error = failed('Connection error: ', undefined, { code: 'ECONNREFUSED' });
    expect(explained(error)).toBe(`Connection error: ECONNREFUSED (${BROKER})`);
  });

  it('and nothing of any other error', () => {
    const { sockets } = watching();
    const throwing = {
      get cause() {
        throw new Error('no');
      },
    };
    for (const error of [
      new Error('Connection timeout'),
      failed('late', 'KafkaJSProtocolError'),
      failed('nameless', undefined, { broker: undefined }),
      throwing,
      undefined,
    ])
      expect(sockets.explained(error)).toBe(error);
  });
});

describe('an error says how far the connection had come', () => {
  it('an address that was never reached, and not configured, is one that the brokers name', () => {
    const error = failed('Connection timeout');
    expect(watching({}, ['another:9092']).explained(error)).toBe(
      `Connection timeout (${BROKER}, an address that the brokers themselves name)`,
    );
    expect(watching({}, [BROKER]).explained(error)).toBe(`Connection timeout (${BROKER})`);
  });

  it('one that was reached, and closed without an answer, or after the first', () => {
    const { watched, explained } = watching();
    watched().emit('connect');
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER}, without an answer)`);
    expect(explained(LATE)).toBe(`Request ApiVersions timed out (${BROKER}, connected, but never answered)`);
    watched().emit('data', ANSWER);
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER}, after its first answer)`);
    expect(explained(LATE)).toBe(`Request ApiVersions timed out (${BROKER})`);
  });

  it('nothing once a connection has had two answers: that broker has worked, and is being stopped', () => {
    const { watched, explained } = watching();
    for (const _ of ['one', 'other']) watched().emit('data', ANSWER);
    expect(explained(CLOSED)).toMatch('after its first answer');
    const socket = watched();
    socket.emit('data', ANSWER);
    socket.emit('data', ANSWER);
    expect(socket.listenerCount('data')).toBe(0);
    watched().emit('data', ANSWER);
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER})`);
  });

  it('nothing after its first answer where there is a log-in, which may have been refused', () => {
    const { watched, explained } = watching({ sasl: { mechanism: 'plain', username: 'a', password: 'b' } });
    watched().emit('data', ANSWER);
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER})`);
  });

  it('a socket of the caller’s may have been connected before', () => {
    const open = Object.assign(new HandMadeSocket(), { pending: false });
    const { watched, explained } = watching();
    watched(Object.assign(new HandMadeSocket(), { pending: false, destroyed: true }));
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER})`);
    watched(open);
    expect(explained(CLOSED)).toMatch('without an answer');
  });

  it('is known of each address by itself', () => {
    const { watched, explained } = watching();
    watched(new HandMadeSocket(), 9_093).emit('connect');
    expect(explained(CLOSED)).toBe(`Closed connection (${BROKER})`);
  });
});

describe('with TLS an error says', () => {
  it.each(['Closed connection', 'read ECONNRESET', 'write EPIPE', 'Connection timeout'])(
    'that the handshake was not over, where the other side only says: %s',
    (message) => {
      const { watched, explained } = watching({ ssl: true });
      watched().emit('connect');
      expect(explained(failed(message))).toBe(`${message} (${BROKER}, before the TLS handshake was over)`);
    },
  );

  it('what is wrong with a certificate, and no more', () => {
    const { watched, explained } = watching({ ssl: {} });
    watched().emit('connect');
    expect(explained(failed('self-signed certificate'))).toBe(`self-signed certificate (${BROKER})`);
  });

  it('nothing of it once one was over, or has brought an answer', () => {
    const secure = watching({ ssl: true });
    const socket = secure.watched();
    socket.emit('connect');
    socket.emit('secureConnect');
    expect(secure.explained(CLOSED)).toMatch('without an answer');
    const answered = watching({ ssl: true });
    answered.watched().emit('data', ANSWER);
    expect(answered.explained(CLOSED)).toMatch('after its first answer');
  });
});

describe('what is not Kafka', () => {
  it.each([
    ['the answer is HTTP', Buffer.from('HTTP/1.1 400 Bad Request')],
    ['the answer is TLS', Buffer.from([0x15, 0x03, 0x01, 0, 2])],
    ['the answer is TLS', Buffer.from([0x16, 0x03, 0x03, 0, 2])],
    ["the answer is not in Kafka's protocol", Buffer.from([0x15, 0x02])],
    ["the answer is not in Kafka's protocol", Buffer.from([0x10])],
    ["the answer is not in Kafka's protocol", Buffer.from('HTTP1')],
  ])('is cut, and its error says so and no more: %s', (what, bytes) => {
    const { watched, explained } = watching();
    const socket = watched();
    socket.emit('data', bytes);
    expect(socket.errors).toEqual([what]);
    expect(explained(failed(`Connection error: ${what}`))).toBe(`Connection error: ${what} (${BROKER})`);
  });

  it('is told by the first bytes: an answer of 256 MiB is none', () => {
    const { watched } = watching();
    const socket = watched();
    for (const bytes of [Buffer.from([0x0f, 255]), Buffer.from('HTTP/1.1')]) socket.emit('data', bytes);
    watched(socket).emit('data', Buffer.alloc(0));
    expect(socket.errors).toEqual([]);
  });
});

it('an error of a connection is told from an answer that was late, or an error', () => {
  expect(isConnectionError(new Error('outer', { cause: failed('refused') }))).toBe(true);
  expect([isConnectionError(CLOSED), isConnectionError(LATE), isConnectionError(new Error('no'))]).toEqual([
    false,
    false,
    false,
  ]);
});

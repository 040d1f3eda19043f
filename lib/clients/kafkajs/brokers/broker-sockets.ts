import type { Socket } from 'node:net';
import type { ISocketFactoryArgs, KafkaConfig } from 'kafkajs';
import { causesOf } from '../../../util/root-cause.ts';
import { withoutFrames } from '../../../util/without-frames.ts';
import type { BrokerAddresses } from './broker-addresses.ts';

/** What is read of an error of kafkajs's connection. */
interface ConnectionFailure {
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
  readonly broker: string;
}

// What is not an answer of Kafka's begins with a length that no answer has: of 256 MiB and more.
const MIN_STRANGE_BYTE = 0x10;
const STRANGE = 'the answer is';
/** What is said of an answer that cannot be read; lib/observe/remedies.ts has the advice. */
export const NOT_KAFKA: string = `${STRANGE} not in Kafka's protocol`;
// RFC 8446, 5.1: a record of TLS that is an alert, or a part of a handshake, then the version's first byte.
const TLS_RECORDS: readonly number[] = [0x15, 0x16];
const TLS_VERSION = 0x03;

// What Node and kafkajs say where the other side has only ended the connection, or not answered.
const SAYS_NOTHING_OF_TLS = /ECONNRESET|EPIPE|Closed connection|Connection timeout/;

/**
 * Sees to it that the error of a failed connection says which broker it was, and how far it had come. kafkajs's says
 * `Closed connection`, `Connection timeout` or `read ECONNRESET`, and has the address in a property of its own.
 */
export class BrokerSockets {
  readonly #addresses: BrokerAddresses;
  readonly #hasTls: boolean;
  readonly #hasSasl: boolean;

  constructor(addresses: BrokerAddresses, { ssl, sasl }: Pick<KafkaConfig, 'ssl' | 'sasl'>) {
    this.#addresses = addresses;
    this.#hasTls = Boolean(ssl);
    this.#hasSasl = Boolean(sasl);
  }

  /** Before kafkajs listens to it. */
  watch(socket: Socket, { host, port }: Pick<ISocketFactoryArgs, 'host' | 'port'>): void {
    const contact = this.#addresses.contact(`${host}:${port}`);
    // A socket of the caller's may have been connected before.
    if (!socket.pending && !socket.destroyed) contact.isReached = true;
    socket.once('connect', () => {
      contact.isReached = true;
    });
    socket.once('secureConnect', () => {
      contact.isSecure = true;
    });
    let answers = 0;
    const onData = (chunk: Buffer): void => {
      contact.isReached = true;
      contact.isSecure = true;
      answers++;
      // kafkajs would take the first bytes for a length, and wait for that much.
      if (answers === 1 && isStrange(chunk)) socket.destroy(new Error(strangerOf(chunk)));
      contact.answers = Math.max(contact.answers, answers);
      if (answers === 2) socket.off('data', onData);
    };
    socket.on('data', onData);
  }

  /** The error; or, of a connection that failed, one that says more. */
  explained(error: unknown): unknown {
    const failure = connectionFailureOf(error);
    if (failure === undefined) return error;
    const { broker, message, code } = failure;
    // Of several addresses that were tried in turn, Node's error has no text (lib/net.js: AggregateError).
    const said = message.trim() === 'Connection error:' ? `Connection error: ${String(code)}` : message;
    const facts = [said.includes(broker) ? undefined : broker, this.#howFar(failure)].filter(
      (fact) => fact !== undefined,
    );
    if (facts.length === 0) return error;
    return withoutFrames(new Error(`${said} (${facts.join(', ')})`, { cause: error }));
  }

  #howFar({ name, message, broker }: ConnectionFailure): string | undefined {
    if (message.includes(STRANGE)) return undefined;
    const { isReached, isSecure, answers } = this.#addresses.contact(broker);
    if (!isReached) {
      return this.#addresses.isNamedByBrokers(broker)
        ? 'an address that the brokers themselves name'
        : undefined;
    }
    if (this.#hasTls && !isSecure) {
      return SAYS_NOTHING_OF_TLS.test(message) ? 'before the TLS handshake was over' : undefined;
    }
    if (name === 'KafkaJSRequestTimeoutError')
      return answers === 0 ? 'connected, but never answered' : undefined;
    if (answers === 0) return 'without an answer';
    // One that has had more has worked, and is being stopped.
    return answers === 1 && !this.#hasSasl ? 'after its first answer' : undefined;
  }
}

const CONNECTION_FAILURES = new Set<unknown>([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
]);

/** The error of kafkajs's connection that something is, or is caused by. Never throws. */
function connectionFailureOf(error: unknown): ConnectionFailure | undefined {
  try {
    for (const { name, message, code, broker } of causesOf(error)) {
      if (CONNECTION_FAILURES.has(name) && typeof broker === 'string')
        return { name: String(name), message: String(message), code, broker };
    }
  } catch {
    // A getter that throws: then it is not kafkajs's.
  }
  return undefined;
}

/** Whether a connection could not be opened, or broke; not that an answer was late, or was an error. */
export function isConnectionError(error: unknown): boolean {
  return connectionFailureOf(error)?.name === 'KafkaJSConnectionError';
}

function isStrange(chunk: Buffer): boolean {
  return (chunk[0] ?? 0) >= MIN_STRANGE_BYTE;
}

/** What can be said of the first bytes of an answer. */
function strangerOf(chunk: Buffer): string {
  if (TLS_RECORDS.includes(chunk[0] ?? 0) && chunk[1] === TLS_VERSION) return `${STRANGE} TLS`;
  return chunk.toString('latin1', 0, 5) === 'HTTP/' ? `${STRANGE} HTTP` : NOT_KAFKA;
}

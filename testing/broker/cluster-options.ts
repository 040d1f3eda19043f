// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// What a cluster can be asked for at its start, and what it emits.
import type { VersionRanges } from './broker-versions.ts';
import type { BrokerRequest } from './faults.ts';
import type { StoredRecord } from './record-batch.ts';
import type { SaslAttempt } from './state.ts';

export interface BrokerClusterOptions {
  /** Default 1; their ids are 0, 1, ... in the order of `addresses`. */
  readonly brokers?: number;
  /** The loopback address that they listen at and advertise. Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** Partitions per topic; partition p is led by broker p modulo brokers. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Whether Metadata creates topics, and with how many partitions (true: 1). Default false. */
  readonly autoCreate?: boolean | number;
  /** Default 1048588, as in Kafka. */
  readonly maxMessageBytes?: number;
  /** What every broker advertises and answers; the rest as the stand-in speaks it (Produce 3 to 12). */
  readonly versions?: VersionRanges;
  /** Makes authentication mandatory; says whether an attempt succeeds. */
  readonly sasl?: (attempt: SaslAttempt) => boolean | string;
  /** Makes authentication mandatory; the users of SCRAM-SHA-256 and SCRAM-SHA-512 with their passwords. */
  readonly scram?: Readonly<Record<string, string>>;
  /** After this, a connection must have authenticated again. Default 0: never. */
  readonly saslSessionLifetimeMs?: number;
  /** Where Metadata says that a broker is (`advertised.listeners`); nothing: where it listens. */
  readonly advertised?: (broker: number) => { host: string; port: number } | undefined;
  /** PEM; makes every broker a TLS listener. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ConnectionEvent {
  readonly broker: number;
  readonly id: number;
}

export interface BrokerClusterEvents {
  append: [StoredRecord & { readonly topic: string }];
  request: [BrokerRequest];
  connection: [ConnectionEvent];
  disconnection: [ConnectionEvent];
}

// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// What all brokers of a cluster share, and the shape of a request that has been read.
import { EventEmitter } from 'node:events';
import { BrokerVersions } from './broker-versions.ts';
import type { FaultEffect, Target } from './faults.ts';
import { GroupStore } from './groups.ts';
import type { StoredBatch } from './record-batch.ts';
import type { ScramExchange } from './scram.ts';
import { ThrottledClients } from './throttled-clients.ts';
import { TopicStore } from './topics.ts';
import type { Decoder, Encoder } from './wire.ts';

export type SaslAttempt =
  | { readonly mechanism: 'PLAIN'; readonly username: string; readonly password: string }
  | {
      readonly mechanism: 'OAUTHBEARER';
      readonly token: string;
      readonly extensions: Readonly<Record<string, string>>;
    };

export interface ClusterSettings {
  readonly brokers: number;
  readonly autoCreatePartitions: number;
  readonly maxMessageBytes: number;
  readonly sasl: ((attempt: SaslAttempt) => boolean | string) | null;
  /** Passwords by user name; null: no SCRAM. */
  readonly scram: Readonly<Record<string, string>> | null;
  readonly saslSessionLifetimeMs: number;
  readonly advertised: (broker: number) => { host: string; port: number } | undefined;
}

export interface ProduceRequest {
  readonly broker: number;
  readonly connection: number;
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  readonly acks: number;
  /** Of the Produce API. */
  readonly version: number;
  readonly at: number;
  /** null: a fault dropped the request before it was looked at. */
  readonly errorCode: number | null;
  readonly outcome: 'stored' | 'duplicate' | 'refused' | 'dropped';
}

export interface NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly isUp: boolean;
}

export class ClusterState {
  readonly settings: ClusterSettings;
  readonly topics: TopicStore;
  readonly groups = new GroupStore();
  readonly produceRequests: ProduceRequest[] = [];
  readonly appends = new EventEmitter<{ stored: [StoredBatch] }>().setMaxListeners(0);
  readonly throttled = new ThrottledClients();
  /** How many requests ended their connection, as their version is none that the broker speaks. */
  refusedVersions = 0;
  nodes: readonly NodeAddress[] = [];
  readonly #versions: readonly BrokerVersions[];
  #producerIds = -1;

  constructor(settings: ClusterSettings) {
    this.settings = settings;
    this.topics = new TopicStore(settings.brokers);
    this.#versions = Array.from({ length: settings.brokers }, () => new BrokerVersions());
  }

  /** Controller and group coordinator: the first broker that is up. */
  firstUp(): NodeAddress | undefined {
    return this.nodes.find((node) => node.isUp);
  }

  versionsOf(broker: number): BrokerVersions {
    const versions = this.#versions[broker];
    if (versions === undefined) throw new Error(`No broker ${broker}`);
    return versions;
  }

  /** Where clients are told to find the broker. */
  addressOf(node: NodeAddress): { host: string; port: number } {
    return this.settings.advertised(node.id) ?? node;
  }

  nextProducerId(): number {
    this.#producerIds += 1;
    return this.#producerIds;
  }
}

/** What a connection remembers between requests. */
export interface Session {
  readonly id: number;
  mechanism: string | null;
  /** Between the handshake of a SCRAM mechanism and its last message. */
  scram: ScramExchange | null;
  /** When the authentication ends, as Date.now(); null while not authenticated. */
  authenticatedUntil: number | null;
  /** When it was last authenticated anew, as Date.now(); null before that. */
  reauthenticatedAt: number | null;
  closeAfterAnswer: boolean;
}

export interface AnswerContext {
  readonly state: ClusterState;
  readonly broker: number;
  readonly session: Session;
  readonly effect: FaultEffect;
  /** Aborted when the broker goes down: nothing may wait longer than that. */
  readonly signal: AbortSignal;
}

/** null: the request gets no answer (acks 0). */
export type Answer = Encoder | null;

export interface PreparedRequest {
  readonly targets: readonly Target[];
  answer(context: AnswerContext): Answer | Promise<Answer>;
  /** A fault ends the request before answer() was called. */
  dropped?(context: AnswerContext): void;
}

/** Reads a request's body; the context comes with answer(), after the faults were asked. */
export type ReadRequest = (decoder: Decoder, state: ClusterState, version: number) => PreparedRequest;

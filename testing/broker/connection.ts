// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// One client connection: its requests, one after the other as in Kafka, through the faults to the answer.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readDescribeConfigs } from './answer-configs.ts';
import { readFetch, readListOffsets } from './answer-fetch.ts';
import {
  readFindCoordinator,
  readHeartbeat,
  readJoinGroup,
  readLeaveGroup,
  readOffsetCommit,
  readOffsetFetch,
  readSyncGroup,
} from './answer-group.ts';
import { readMetadata } from './answer-metadata.ts';
import { readInitProducerId, readProduce } from './answer-produce.ts';
import { readApiVersions, readSaslAuthenticate, readSaslHandshake } from './answer-session.ts';
import { type ApiName, apiNameOf, hasFlexibleAnswer, isFlexible } from './apis.ts';
import type { BrokerRequest, FaultEffect, Moment } from './faults.ts';
import { skipTaggedFields } from './field-layout.ts';
import { FrameReader, frameOf } from './frames.ts';
import type { AnswerContext, ClusterState, PreparedRequest, ReadRequest, Session } from './state.ts';
import { monotonicNow } from './throttled-clients.ts';
import { Decoder } from './wire.ts';

const READERS: Readonly<Record<ApiName, ReadRequest>> = {
  Produce: readProduce,
  Fetch: readFetch,
  ListOffsets: readListOffsets,
  Metadata: readMetadata,
  OffsetCommit: readOffsetCommit,
  OffsetFetch: readOffsetFetch,
  FindCoordinator: readFindCoordinator,
  JoinGroup: readJoinGroup,
  Heartbeat: readHeartbeat,
  LeaveGroup: readLeaveGroup,
  SyncGroup: readSyncGroup,
  SaslHandshake: readSaslHandshake,
  ApiVersions: readApiVersions,
  InitProducerId: readInitProducerId,
  DescribeConfigs: readDescribeConfigs,
  SaslAuthenticate: readSaslAuthenticate,
};

const WITHOUT_AUTHENTICATION: readonly ApiName[] = ['ApiVersions', 'SaslHandshake', 'SaslAuthenticate'];

export interface ConnectionOptions {
  readonly id: number;
  readonly broker: number;
  readonly socket: Socket;
  readonly state: ClusterState;
  /** Aborted when the broker goes down. */
  readonly signal: AbortSignal;
  isSilent(): boolean;
  /** Counts the request and asks the faults. */
  judge(request: BrokerRequest): FaultEffect;
  /** Something changed that a waiting spec may look for. */
  changed(): void;
  /** The stand-in itself failed: nothing that a fault can bring about, and a client only with a body that it encodes wrongly. */
  failed(error: unknown): void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #frames = new FrameReader();
  readonly #queue: { readonly frame: Buffer; readonly arrivedAt: number }[] = [];
  #isServing = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#session = {
      id: options.id,
      mechanism: null,
      scram: null,
      authenticatedUntil: null,
      reauthenticatedAt: null,
      closeAfterAnswer: false,
    };
    options.socket.on('data', (chunk) => this.#receive(chunk));
  }

  #receive(chunk: Buffer): void {
    try {
      const arrivedAt = monotonicNow();
      for (const frame of this.#frames.push(chunk)) this.#queue.push({ frame, arrivedAt });
    } catch {
      // Not Kafka traffic; Kafka closes such a connection too.
      this.#options.socket.destroy();
      return;
    }
    if (!this.#isServing) this.#serveAll().catch((error: unknown) => this.#options.failed(error));
  }

  async #serveAll(): Promise<void> {
    this.#isServing = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        await this.#serve(next.frame, next.arrivedAt);
      }
    } catch (error) {
      this.#options.socket.destroy();
      throw error;
    } finally {
      this.#isServing = false;
    }
  }

  async #serve(frame: Buffer, arrivedAt: number): Promise<void> {
    const { socket, state, broker, signal } = this.#options;
    if (this.#options.isSilent() || signal.aborted) return;
    const decoder = new Decoder(frame);
    const api = apiNameOf(decoder.readInt16());
    const version = decoder.readInt16();
    const correlationId = decoder.readInt32();
    const clientId = decoder.readString();
    if (api === undefined || !this.#isAllowed(api, version)) {
      socket.destroy();
      this.#options.changed();
      return;
    }
    if (isFlexible(api, version)) skipTaggedFields(decoder);
    const prepared = READERS[api](decoder, state, version);
    const { targets } = prepared;
    const request = { api, version, broker, connection: this.#session.id, clientId, at: Date.now(), targets };
    if (api === 'Produce') state.throttled.arrived(broker, clientId, arrivedAt);
    const effect = this.#options.judge(request);
    const context: AnswerContext = { state, broker, session: this.#session, effect, signal };
    if (!(await this.#passes('before-store', context))) {
      prepared.dropped?.(context);
      this.#options.changed();
      return;
    }
    await this.#answer(correlationId, request, prepared, context);
  }

  async #answer(
    correlationId: number,
    { api, version, clientId }: BrokerRequest,
    prepared: PreparedRequest,
    context: AnswerContext,
  ): Promise<void> {
    const { socket, state, broker } = this.#options;
    const answer = await prepared.answer(context);
    this.#options.changed();
    if (!(await this.#passes('after-store', context))) return;
    if (answer !== null) {
      socket.write(frameOf(correlationId, answer.buffer, hasFlexibleAnswer(api, version)));
      const { throttle } = context.effect;
      if (api === 'Produce' && throttle > 0) state.throttled.told(broker, clientId, throttle);
    }
    if (this.#session.closeAfterAnswer) socket.end();
  }

  /** False when the request ends here. Waits of the same moment come first: a late cut is a cut after a wait. */
  async #passes(moment: Moment, { effect, signal }: AnswerContext): Promise<boolean> {
    for (const { at, until } of effect.waits) {
      if (at !== moment) continue;
      // A hold that is rejected lets the request go on like one that is resolved; an aborted delay ends below.
      const waiting =
        typeof until === 'number' ? delay(until, undefined, { signal }) : untilSettled(until, signal);
      await waiting.catch(() => undefined);
    }
    if (signal.aborted) return false;
    if (effect.cut === moment) this.#options.socket.destroy();
    return effect.cut !== moment && effect.silent !== moment;
  }

  #isAllowed(api: ApiName, version: number): boolean {
    const { state, broker } = this.#options;
    // ApiVersions alone is answered in any version: this is how a client learns what it may send.
    if (api !== 'ApiVersions' && !state.versionsOf(broker).speaks(api, version)) {
      state.refusedVersions += 1;
      return false;
    }
    if (state.settings.sasl === null || WITHOUT_AUTHENTICATION.includes(api)) return true;
    return (this.#session.authenticatedUntil ?? 0) > Date.now();
  }
}

/** A hold that never settles must not outlive the broker. */
function untilSettled(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    promise.then(done, done);
    if (signal.aborted) done();
  });
}

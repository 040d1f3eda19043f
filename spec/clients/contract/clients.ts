// The clients behind lib/clients/client.ts that the specs of this folder are run with, and how they differ.
import zlib from 'node:zlib';
import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import type { ClientListeners, ClientSource, SendPath } from '../../../lib/clients/client.ts';
import { type ClientOptions, clientSource, type OwnOptions } from '../../../lib/clients/client-source.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import { systemClock } from '../../../lib/time/clock.ts';
import { runsHere } from '../platformatic/node.ts';
import { type Parts, TIME } from './records.ts';

/** What a transport's options say of its sends. */
export interface Settings {
  readonly acks?: -1 | 1;
  readonly idempotent?: boolean;
  readonly compression?: CompressionTypes;
  readonly compressionLevel?: number;
}

/** A source, and what ends all that its clients have left open. */
export interface StartedSource {
  readonly source: ClientSource;
  end(): Promise<void>;
}

export type Codec = 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface ClientUnderTest {
  readonly name: string;
  /** What it tells of its path: a producer that was handed in tells nothing. */
  readonly toldPaths: readonly SendPath[];
  /** The newest version of Produce that it speaks. */
  readonly produceVersion: number;
  /** `kill` ends its sends. There is no way to cut a producer that was handed in. */
  readonly isCutByKill: boolean;
  /** `close` ends its connections. A producer that was handed in as an object stays connected. */
  readonly isDisconnectedByClose: boolean;
  /** It tells of a topic's partitions, keeps a send without a partition together, and binds the batch to where it goes. */
  readonly choosesPartition: boolean;
  /** Where it is idempotent, it has `renew`, and its sequence numbers outlast a send that failed. */
  readonly keepsSequence: boolean;
  /** The sequence numbers of an idempotent one are the transport's own, and outlast the client. */
  readonly ownsSequence: boolean;
  /** It may be asked to be idempotent. */
  readonly isIdempotent: boolean;
  /** What it compresses with by itself. */
  readonly codecs: readonly Codec[];
  /** Its codecs have levels. */
  readonly hasCompressionLevel: boolean;
  /** It compresses with what this thread has registered in kafkajs's `CompressionCodecs`. */
  readonly sharesCodecs: boolean;
  /** Of the records that a broker has named as refused, those that it names. */
  readonly namedOf: (refused: readonly number[]) => readonly number[] | undefined;
  /** What arrives of a batch, where that is not the same. */
  readonly sentAs: (parts: readonly Parts[]) => readonly Parts[];
  /** The code in its error, where a broker has answered that one. */
  readonly codeOf: (answered: number) => number;
  start(brokers: string[], settings: Settings, listeners: ClientListeners): StartedSource;
}

const none = (): undefined => undefined;
// kafkajs 2.2.4 knows the codes up to 88, and has -99 for all others (protocol/error.js).
const kafkajsCodeOf = (answered: number): number => (answered > 88 ? -99 : answered);

const QUIET = { logLevel: logLevel.NOTHING, logCreator: () => none } as const;
// Nothing ends a send by itself.
const REQUEST_TIMEOUT_MS = 60_000;

function started(client: ClientOptions, { compression }: Settings, listeners: ClientListeners): ClientSource {
  const options = {
    client,
    compression,
    clientLog: undefined,
    isolate: false,
    traceContext: false,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    batch: { maxRecords: 500, maxBytes: 1_000_000, lingerMs: 1 },
    retry: { initialMs: 1, maxMs: 10 },
  };
  return clientSource(options, systemClock, listeners);
}

type Own = Pick<OwnOptions, 'client' | 'acks' | 'idempotent' | 'fastPath' | 'compressionLevel'>;

function inThread(own: Own, brokers: string[], isInWorker: boolean): ClientOptions {
  const client = { ...QUIET, ...own, kafka: { brokers } };
  return isInWorker ? { ...client, kind: 'worker', execArgv: [] } : { ...client, kind: 'own' };
}

function kafkajsClient(name: string, fastPath: boolean, isInWorker: boolean): ClientUnderTest {
  return {
    name,
    toldPaths: [fastPath ? 'fast' : 'send'],
    produceVersion: fastPath ? 12 : 7,
    isCutByKill: true,
    isDisconnectedByClose: true,
    choosesPartition: true,
    keepsSequence: true,
    ownsSequence: fastPath,
    isIdempotent: true,
    codecs: ['gzip', 'zstd'],
    hasCompressionLevel: fastPath,
    sharesCodecs: !isInWorker,
    namedOf: fastPath ? (refused) => refused : none,
    sentAs: (parts) => parts,
    codeOf: fastPath ? (answered) => answered : kafkajsCodeOf,
    start: (brokers, settings, listeners) => {
      const { acks = -1, idempotent = false, compressionLevel } = settings;
      const own = { client: undefined, acks, idempotent, fastPath, compressionLevel };
      const source = started(inThread(own, brokers, isInWorker), settings, listeners);
      return { source, end: async () => void (await source.dispose?.()) };
    },
  };
}

function handedIn(name: string, isFactory: boolean): ClientUnderTest {
  return {
    name,
    toldPaths: [],
    produceVersion: 7,
    isCutByKill: false,
    isDisconnectedByClose: isFactory,
    choosesPartition: false,
    keepsSequence: false,
    ownsSequence: false,
    isIdempotent: true,
    codecs: ['gzip'],
    hasCompressionLevel: false,
    sharesCodecs: true,
    namedOf: none,
    sentAs: (parts) => parts,
    codeOf: kafkajsCodeOf,
    start: (brokers, settings, listeners) => {
      const { idempotent = false } = settings;
      // The sender retries, also here: kafkajs would hold a send for half a minute.
      const kafka = new Kafka({
        brokers,
        logLevel: logLevel.NOTHING,
        requestTimeout: REQUEST_TIMEOUT_MS,
        retry: { retries: 0 },
      });
      const made: Producer[] = [];
      const make = (): Producer => {
        // kafkajs refuses an idempotent producer with no retry, but not with NaN of them.
        const producer = kafka.producer({ idempotent, retry: { retries: idempotent ? Number.NaN : 0 } });
        made.push(producer);
        return producer;
      };
      const producer = isFactory ? make : make();
      const source = started({ kind: 'external', producer, acks: settings.acks }, settings, listeners);
      return { source, end: async () => void (await Promise.all(made.map((own) => own.disconnect()))) };
    },
  };
}

/** @platformatic/kafka writes no difference of times that needs more than 32 bits. */
function nearTo(first: number, part: Parts): Parts {
  const { time = TIME, headers } = part;
  const nearest = Math.min(Math.max(time, first - 0x7fffffff), first + 0x7fffffff);
  if (nearest === time) return part;
  return { ...part, time: nearest, headers: { 'original-timestamp': String(time), ...headers } };
}

function platformatic(name: string, isInWorker: boolean): ClientUnderTest {
  return {
    name,
    toldPaths: ['client'],
    produceVersion: 11,
    isCutByKill: true,
    isDisconnectedByClose: true,
    choosesPartition: true,
    keepsSequence: false,
    ownsSequence: false,
    isIdempotent: false,
    codecs: ['gzip', 'snappy', 'lz4', 'zstd'],
    hasCompressionLevel: false,
    sharesCodecs: false,
    namedOf: (refused) => refused,
    // It knows the codes up to 127, and what is about sequence numbers is one thing to it.
    codeOf: (answered) => (answered > 127 ? -1 : answered === 59 ? 45 : answered),
    sentAs: (parts) => parts.map((part) => nearTo(parts[0]?.time ?? TIME, part)),
    start: (brokers, settings, listeners) => {
      const { acks = -1 } = settings;
      const kafkajsOnly = { idempotent: false, fastPath: true, compressionLevel: undefined };
      const own = { ...kafkajsOnly, client: platformaticClient(), acks };
      const source = started(inThread(own, brokers, isInWorker), settings, listeners);
      return { source, end: async () => void (await source.dispose?.()) };
    },
  };
}

const PLATFORMATIC: readonly ClientUnderTest[] = [
  platformatic('@platformatic/kafka', false),
  platformatic('@platformatic/kafka in a worker thread', true),
];

/** All of them, for the table in docs/clients.md. */
export const ALL_CLIENTS: readonly ClientUnderTest[] = [
  kafkajsClient('the fast path', true, false),
  kafkajsClient('kafkajs’s public send', false, false),
  kafkajsClient('the fast path in a worker thread', true, true),
  kafkajsClient('kafkajs’s public send in a worker thread', false, true),
  handedIn('a producer that was handed in', false),
  handedIn('a producer of a function that was handed in', true),
  ...PLATFORMATIC,
];

/** Those that run on this Node. */
export const CLIENTS: readonly ClientUnderTest[] = ALL_CLIENTS.filter(
  (client) => !PLATFORMATIC.includes(client) || runsHere,
);

/** Of a client's codecs, those that the stand-in can read here, and none. It knows neither snappy nor lz4: spec/kafka has them. */
export function readableCodecs({ codecs }: ClientUnderTest): [name: string, type: CompressionTypes][] {
  // Node has it since 22.15.
  const zstd = 'zstdCompress' in zlib ? [CompressionTypes.ZSTD] : [];
  const types: Partial<Record<Codec, CompressionTypes[]>> = { gzip: [CompressionTypes.GZIP], zstd };
  const own = codecs.flatMap((name) =>
    (types[name] ?? []).map((type): [string, CompressionTypes] => [name, type]),
  );
  return [['none', CompressionTypes.None], ...own];
}

type Flag =
  | 'isCutByKill'
  | 'isDisconnectedByClose'
  | 'choosesPartition'
  | 'keepsSequence'
  | 'ownsSequence'
  | 'isIdempotent'
  | 'sharesCodecs'
  | 'hasCompressionLevel';

/** The clients of which it is true, or not true. */
export function clientsThat(flag: Flag, is = true): readonly ClientUnderTest[] {
  return CLIENTS.filter((client) => client[flag] === is);
}

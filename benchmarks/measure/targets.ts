// What takes the records: ours in each of its modes, and the peers. Everything is imported when it is asked for: a
// process has nothing in memory but what it measures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaConfig, Producer } from 'kafkajs';
import winston from 'winston';
import type { KafkaTransport, KafkaTransportOptions } from 'winston-kafkajs';
import type TransportStream from 'winston-transport';
import type { Place } from '../scenario.ts';
import { DoesNothing, SendsEach } from './peers.ts';

/** The transport's modes. Every scenario measures each of them, under this name. */
export const MODES: Readonly<Record<string, Partial<KafkaTransportOptions>>> = {
  'in process': {},
  worker: { worker: true },
};

export const MODE_NAMES: readonly string[] = Object.keys(MODES);

/** Where no broker ever comes: with a worker the process would wait for one when it ends, for ten seconds. */
export const IN_VAIN: Partial<KafkaTransportOptions> = { closeTimeoutMs: 100 };

export const FLOOR = 'does nothing';
export const FILE = "winston's File transport";
export const TUTORIAL = 'awaited send per record';
export const NPM_PEER = 'winston-logger-kafka';
/** In process, by kafkajs's public `send`. */
export const PUBLIC_SEND = 'in process, fastPath: false';
export const OTHER_CLIENT = 'over @platformatic/kafka';

/** Somewhere to log to, and how much of it has been acknowledged. */
export interface Target {
  readonly transport: TransportStream;
  delivered(): number;
}

export async function openTarget(name: string, place: Place): Promise<Target> {
  if (name === FLOOR) return counted(new DoesNothing());
  if (name === FILE) return openFile();
  if (name === TUTORIAL) return await openTutorial(place);
  if (name === NPM_PEER) return await openNpmPeer(place);
  if (name === PUBLIC_SEND) return ours(await openOurs('in process', place, { fastPath: false }));
  if (name === OTHER_CLIENT) return ours(await openOtherClient(place));
  return ours(await openOurs(name, place));
}

/** @param mode one of `MODES` */
export async function openOurs(
  mode: string,
  { brokers, topic }: Pick<Place, 'brokers' | 'topic'>,
  options: Partial<KafkaTransportOptions> = {},
): Promise<KafkaTransport> {
  const { KafkaTransport } = await import('winston-kafkajs');
  const transport = new KafkaTransport({
    topic,
    kafka: { brokers: [...brokers] },
    clientLog: { level: 'nothing' },
    ...MODES[mode],
    ...options,
  });
  return transport;
}

function ours(transport: KafkaTransport): Target {
  return { transport, delivered: () => transport.stats().delivered };
}

function counted(transport: DoesNothing | SendsEach): Target {
  return { transport, delivered: () => transport.delivered };
}

export function quietKafka({ brokers }: Pick<Place, 'brokers'>): KafkaConfig {
  return { brokers: [...brokers], logLevel: 0 };
}

/** What a file has got is as good as delivered. */
function openFile(): Target {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true }));
  const transport = new winston.transports.File({ filename: join(directory, 'records.log') });
  let written = 0;
  transport.on('logged', () => written++);
  return { transport, delivered: () => written };
}

async function openTutorial(place: Place): Promise<Target> {
  const { Kafka, Partitioners } = await import('kafkajs');
  const producer = new Kafka(quietKafka(place)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return counted(new SendsEach(producer, place.topic));
}

/** Without waiting for its connection the first record would end the process: nobody takes the rejection. */
async function openNpmPeer(place: Place): Promise<Target> {
  const { KafkaTransport } = await import('winston-logger-kafka');
  // It has a kafkajs of its own, of another version.
  const clientConfig = { brokers: [...place.brokers], logLevel: 0 };
  const peer = new KafkaTransport({ clientConfig, sinkTopic: place.topic });
  const { _kafkaProducer: producer } = peer as unknown as { _kafkaProducer: Producer };
  await new Promise((resolve) => producer.on(producer.events.CONNECT, resolve));
  let delivered = 0;
  const send = peer.logToKafka;
  peer.logToKafka = async (info: unknown) => {
    await send.call(peer, info);
    delivered++;
  };
  return { transport: peer as unknown as TransportStream, delivered: () => delivered };
}

async function openOtherClient(place: Place): Promise<KafkaTransport> {
  const { KafkaTransport } = await import('winston-kafkajs');
  const { PlatformaticProducer } = await import('./platformatic-producer.ts');
  return new KafkaTransport({
    topic: place.topic,
    producer: () => new PlatformaticProducer(place.brokers),
  });
}

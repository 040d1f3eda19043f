// For loops that are real: what the logger's records set going goes on until the detector ends it.
import { expect } from 'vitest';
import type winston from 'winston';
import type {
  KafkaTransport,
  KafkaTransportError,
  KafkaTransportOptions,
  Undelivered,
} from '../../../../lib/index.ts';
import type { BrokerCluster } from '../../../../testing/broker/broker-cluster.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  startCluster,
  TOPIC,
  transportTo,
} from '../../../support/harness.ts';

// Seven or eight in 48 of 48 where the machine is quiet, twelve once where both services watch; ten is asserted in
// virtual time (spec/loop-detector/loop-detector.spec.ts). Here each stall of the machine may cost a round.
const MAX_SENDS = 20;

export interface Scene {
  readonly cluster: BrokerCluster;
  readonly topic: string;
  readonly transport: KafkaTransport;
  readonly logger: winston.Logger;
  readonly sibling: Collecting;
  readonly undelivered: Undelivered[];
  /** The `warn` of the loop, and how many sends there had been. */
  readonly found: Promise<{ error: KafkaTransportError; sends: number }>;
}

export async function scene(
  { topic = TOPIC, ...options }: Partial<KafkaTransportOptions & { topic: string }> = {},
  cluster?: BrokerCluster,
): Promise<Scene> {
  const broker = cluster ?? (await startCluster());
  const undelivered: Undelivered[] = [];
  const transport = transportTo(broker, {
    topic,
    fallback: (record) => undelivered.push(record),
    ...options,
  });
  const sibling = new Collecting();
  const found = new Promise<{ error: KafkaTransportError; sends: number }>((resolve) => {
    transport.on('warn', (error: KafkaTransportError) => {
      if (error.code === 'ERR_LOOP_FOUND') resolve({ error, sends: transport.stats().sends });
    });
  });
  return {
    cluster: broker,
    topic,
    transport,
    logger: loggerWith(sibling, transport),
    sibling,
    undelivered,
    found,
  };
}

/** Runs `onRecord` for each record that the broker stores. */
export function onStored(
  cluster: BrokerCluster,
  onRecord: (value: string) => void,
  topic: string = TOPIC,
): void {
  cluster.on('append', (record) => {
    if (record.topic === topic) onRecord(record.value.toString());
  });
}

/**
 * That the loop was found in time, and has ended; that Kafka, the fallback and the sibling have what they should.
 *
 * @param isLoop tells the loop's messages
 * @param ordinary the messages of all others, in order
 */
export async function expectEnded(
  { cluster, topic, transport, sibling, undelivered, found }: Scene,
  isLoop: (message: string) => boolean,
  ordinary: readonly string[],
): Promise<void> {
  const { error, sends } = await found;
  expect(error.message).toContain('has found a log loop');
  expect(sends).toBeLessThanOrEqual(MAX_SENDS);
  await transport.flush();
  // What was under way when it was found comes back once more.
  await cluster.until(() => undelivered.length > 0);
  await transport.flush();
  const stats = transport.stats();
  expect(stats.loops).toBeGreaterThan(0);
  expect(undelivered.every(({ reason, message }) => reason === 'loop' && isLoop(message))).toBe(true);
  expect(stats.suppressed.loop).toBe(undelivered.length);
  expect(sibling.messages.filter((message) => !isLoop(message))).toEqual(ordinary);
  expect(cluster.values(topic).filter((message) => !isLoop(message))).toEqual(ordinary);
  const loop = sibling.messages.filter(isLoop);
  expect([...cluster.values(topic).filter(isLoop), ...undelivered.map(({ message }) => message)]).toEqual(
    loop,
  );
  expectLaw(transport);
}

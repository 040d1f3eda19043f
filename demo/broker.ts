import type { KafkaConfig } from 'kafkajs';
import type { Arrived } from './arrivals.ts';

/** Of each topic: order is kept within one of them, and there must be several to see it. */
export const PARTITIONS = 3;

/** What the acts need of a Kafka. */
export interface DemoBroker {
  /** A sentence for the screen. */
  readonly description: string;
  /** What it means here that the broker goes away. */
  readonly absence: string;
  readonly kafka: KafkaConfig;
  prepare(topics: readonly string[]): Promise<void>;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** All that the topics hold, each partition in its order. */
  read(topics: readonly string[]): Promise<Map<string, Arrived[]>>;
  stop(): Promise<void>;
}

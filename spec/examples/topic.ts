// The broker that the examples log to, and what has arrived.
import { onTestFinished } from 'vitest';
import { BrokerCluster, type BrokerClusterOptions } from '../../testing/broker/broker-cluster.ts';

export const TOPIC = 'app-logs';

/** What every broker takes in the specs. An example logs to `app-logs`, in one partition, so that there is one order. */
export async function startBroker(options: BrokerClusterOptions = {}): Promise<BrokerCluster> {
  const cluster = await BrokerCluster.start({ topics: { [TOPIC]: 1 }, ...options });
  onTestFinished(() => cluster.stop());
  return cluster;
}

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly order?: number;
  readonly [field: string]: unknown;
}

export function logged(cluster: BrokerCluster, topic: string = TOPIC): Logged[] {
  return cluster.values(topic).map((value) => JSON.parse(value) as Logged);
}

/** The orders of all records that have one, as they arrived. */
export function ordersIn(cluster: BrokerCluster, topic: string = TOPIC): number[] {
  return logged(cluster, topic).flatMap(({ order }) => (order === undefined ? [] : [order]));
}

/** 1, 2, … */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

// The broker of a run: one real Apache Kafka if Java and Maven are there, else the stand-in in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RealCluster } from '../spec/kafka/support/real-cluster.ts';
import { NODE_OPTIONS } from '../spec/support/child-process.ts';

const PARTITIONS = 4;
const STAND_IN = fileURLToPath(new URL('../testing/broker/main.ts', import.meta.url));

export interface Broker {
  /** As the results say it. */
  readonly title: string;
  readonly addresses: readonly string[];
  /** A topic of four partitions. */
  makeTopic(topic: string): Promise<void>;
  /** Freezes it, or lets it go on. */
  hold(isHeld: boolean): void;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<Broker> {
  try {
    return await startKafka();
  } catch (error) {
    process.stderr.write(`No real Kafka, so the stand-in takes its place: ${String(error)}\n`);
    return await startStandIn();
  }
}

async function startKafka(): Promise<Broker> {
  const cluster = await RealCluster.prepare(1);
  await cluster.start();
  return {
    title: cluster.isOwn
      ? 'Apache Kafka 4.1.0, one broker (KRaft) on the same machine'
      : `Kafka at ${cluster.addresses.length} addresses that were given`,
    addresses: cluster.addresses,
    makeTopic: (topic) => cluster.createTopic(topic, { partitions: PARTITIONS }),
    hold: (isHeld) => {
      if (!cluster.isOwn) throw new Error('a broker that is not ours cannot be frozen');
      if (isHeld) cluster.freeze(0);
      else cluster.thaw(0);
    },
    stop: () => cluster.stop(),
  };
}

async function startStandIn(): Promise<Broker> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, STAND_IN, '--auto-create', String(PARTITIONS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const { brokers } = JSON.parse(line) as { brokers: string[] };
  child.stdout.resume();
  return {
    title: "the specs' stand-in for Kafka, in a process of its own (no disk, no replication)",
    addresses: brokers,
    makeTopic: async () => undefined,
    hold: (isHeld) => void child.kill(isHeld ? 'SIGSTOP' : 'SIGCONT'),
    stop: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}

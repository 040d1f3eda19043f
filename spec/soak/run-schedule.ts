// Runs one schedule: a real logger and transport, the stand-in for the brokers. The steps and their order are those of
// the seed; how far a send has got when a step happens is the machine's.
import winston from 'winston';
import { KafkaTransport, type KafkaTransportError, type TransportStats } from '../../lib/index.ts';
import { BrokerCluster } from '../support/broker/broker-cluster.ts';
import type { Schedule, Step } from './schedule.ts';
import { judge, KEYS, type Verdict } from './verdict.ts';

const TOPIC = 'soak';
const REQUEST_TIMEOUT_MS = 150;
const MAX_MESSAGE_BYTES = 20_000;
const LAST_FLUSH_MS = 20_000;

export interface Report extends Verdict {
  readonly records: number;
  readonly handedOn: number;
  readonly stats: TransportStats;
}

export async function runSchedule(schedule: Schedule): Promise<Report> {
  const { brokers, partitions } = schedule;
  const cluster = await BrokerCluster.start({
    brokers,
    topics: { [TOPIC]: partitions },
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  const run = new Run(schedule, cluster);
  try {
    return await run.toEnd();
  } finally {
    await cluster.stop();
  }
}

class Run {
  readonly #schedule: Schedule;
  readonly #cluster: BrokerCluster;
  readonly #transport: KafkaTransport;
  readonly #logger: winston.Logger;
  readonly #handedOn = new Set<number>();
  readonly #mishaps: string[] = [];
  #logged = 0;
  #partitions: number;

  constructor(schedule: Schedule, cluster: BrokerCluster) {
    this.#schedule = schedule;
    this.#cluster = cluster;
    this.#partitions = schedule.partitions;
    this.#transport = new KafkaTransport({
      topic: TOPIC,
      kafka: { brokers: cluster.addresses },
      idempotent: schedule.idempotent,
      ...(schedule.keyed && { key: ({ message }) => `key ${Number.parseInt(message, 10) % KEYS}` }),
      batch: { maxRecords: schedule.batchRecords, lingerMs: 1 },
      buffer: { maxRecords: schedule.bufferRecords },
      retry: { initialMs: 1, maxMs: 20 },
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      closeTimeoutMs: 300,
      clientLog: { level: 'nothing' },
      dropNotice: false,
      fallback: ({ message }) => void this.#handedOn.add(Number.parseInt(message, 10)),
    });
    this.#transport.on('error', (error: Error) => this.#mishaps.push(`an error event: ${error.message}`));
    this.#transport.on('warn', (warning: KafkaTransportError) => {
      if (warning.code === 'ERR_CALLBACK_FAILED') this.#mishaps.push(warning.message);
    });
    this.#logger = winston.createLogger({
      format: winston.format.printf(({ message }) => String(message)),
      transports: [this.#transport],
    });
  }

  async toEnd(): Promise<Report> {
    const noteRejection = (error: unknown): void => void this.#mishaps.push(`unhandled: ${String(error)}`);
    process.on('unhandledRejection', noteRejection);
    try {
      for (const step of this.#schedule.steps) {
        await this.#take(step);
        this.#checkLaw();
      }
      await this.#mend();
      const { pending } = await this.#transport.flush(LAST_FLUSH_MS);
      if (pending > 0) this.#mishaps.push(`${pending} records still wait with a healthy cluster`);
      await this.#transport.close();
      this.#checkLaw();
    } finally {
      process.off('unhandledRejection', noteRejection);
    }
    return this.#report();
  }

  async #take(step: Step): Promise<void> {
    const cluster = this.#cluster;
    switch (step.do) {
      case 'log':
        for (let n = 0; n < step.records; n++) this.#logger.info(`${this.#logged++} record`);
        return;
      case 'poison':
        this.#logger.info(`${this.#logged++} ${'x'.repeat(2 * MAX_MESSAGE_BYTES)}`);
        return;
      case 'wait':
        return await this.#wait(step.sends);
      case 'kill':
        return await cluster.down(step.broker);
      case 'start':
        return await cluster.up(step.broker);
      case 'freeze':
        cluster.silentConnections = true;
        return;
      case 'thaw':
        cluster.silentConnections = false;
        return;
      case 'move':
        cluster.moveLeader(TOPIC, step.partition, step.to);
        return;
      case 'misbehave':
        cluster.inject({ api: 'Produce', times: step.times, action: step.action });
        return;
      case 'add partitions':
        if (step.total <= this.#partitions) return;
        this.#partitions = step.total;
        cluster.addPartitions(TOPIC, this.#partitions);
        return;
      case 'flush':
        await this.#transport.flush(step.timeoutMs);
        return;
      case 'remove and add':
        this.#logger.remove(this.#transport);
        this.#logger.add(this.#transport);
    }
  }

  /** Until the brokers have heard of so many sends more; in an outage only for as long as a send takes to be given up. */
  async #wait(sends: number): Promise<void> {
    const heard = this.#cluster.requests.Produce + sends;
    const isHeard = (): boolean => this.#cluster.requests.Produce >= heard;
    await this.#cluster.until(isHeard, REQUEST_TIMEOUT_MS).catch(() => undefined);
  }

  async #mend(): Promise<void> {
    this.#cluster.silentConnections = false;
    await this.#cluster.up();
  }

  #checkLaw(): void {
    const { accepted, delivered, buffered, inFlight, dropped } = this.#transport.stats();
    const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    if (accepted !== delivered + buffered.records + inFlight + gone)
      this.#mishaps.push('the books do not balance');
  }

  #report(): Report {
    const stored: number[][] = Array.from({ length: this.#partitions }, () => []);
    for (const { partition, value } of this.#cluster.records(TOPIC)) {
      stored[partition]?.push(Number.parseInt(value.toString(), 10));
    }
    const stats = this.#transport.stats();
    const verdict = judge({
      logged: this.#logged,
      keyed: this.#schedule.keyed,
      idempotent: this.#schedule.idempotent,
      partitionsAdded: this.#partitions > this.#schedule.partitions,
      reconnects: stats.reconnects,
      stored,
      handedOn: this.#handedOn,
      mishaps: this.#mishaps,
    });
    return { ...verdict, records: this.#logged, handedOn: this.#handedOn.size, stats };
  }
}

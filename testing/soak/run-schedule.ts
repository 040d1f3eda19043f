// Runs one schedule: real loggers and transports, the stand-in for the brokers. The steps and their order are those of
// the seed; how far a send has got when a step happens is the machine's.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerCluster } from '../broker/broker-cluster.ts';
import { ChildLife } from './child-life.ts';
import { type Findings, judge } from './findings.ts';
import { Life, MAX_MESSAGE_BYTES, MISSING_TOPIC, REQUEST_TIMEOUT_MS, TOPIC } from './life.ts';
import type { Exit, Schedule, Step } from './schedule.ts';

// How long a healthy cluster may take for the next record. On a busy machine, with a send for each, all of them take longer.
const STUCK_MS = 20_000;

export interface Report extends Findings {
  readonly records: number;
  readonly handedOn: number;
}

export async function runSchedule(schedule: Schedule): Promise<Report> {
  const { brokers, partitions } = schedule;
  const cluster = await BrokerCluster.start({
    brokers,
    topics: { [TOPIC]: partitions },
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-soak-'));
  const run = new Run(schedule, cluster, directory);
  try {
    return await run.toEnd();
  } finally {
    await run.dispose();
    await cluster.stop();
    rmSync(directory, { recursive: true });
  }
}

class Run {
  readonly #schedule: Schedule;
  readonly #cluster: BrokerCluster;
  readonly #directory: string;
  /** The exits that are still to come. */
  readonly #exits: Exit[];
  /** The processes for them: all start with the schedule, so that none of them holds it up. */
  readonly #children: ChildLife[];
  readonly #handedOn = new Set<number>();
  readonly #diedWith = new Set<number>();
  readonly #mishaps: string[] = [];
  readonly #events = {
    onHandedOn: (number: number): void => void this.#handedOn.add(number),
    onMishap: (what: string): void => void this.#mishaps.push(what),
  };
  /** What was in partitions of a topic that was deleted. */
  readonly #deleted: number[][] = [];
  #life: Life | ChildLife | undefined;
  #mayBeTorn = false;
  #logged = 0;
  #repeatableBelow = 0;
  #partitions: number;

  constructor(schedule: Schedule, cluster: BrokerCluster, directory: string) {
    this.#schedule = schedule;
    this.#cluster = cluster;
    this.#directory = directory;
    this.#partitions = schedule.partitions;
    this.#exits = schedule.steps.filter((step) => step.do === 'exit');
    this.#children = this.#exits
      .filter(({ how }) => how !== 'close')
      .map((_, at) => new ChildLife(join(directory, `diary-${at}`)));
  }

  async toEnd(): Promise<Report> {
    const noteRejection = (error: unknown): void => this.#events.onMishap(`unhandled: ${String(error)}`);
    process.on('unhandledRejection', noteRejection);
    try {
      await this.#begin();
      for (const step of this.#schedule.steps) await this.#take(step);
      await this.#mend();
      await this.#finish();
    } catch (error) {
      this.#events.onMishap(String(error));
    } finally {
      process.off('unhandledRejection', noteRejection);
    }
    return this.#report();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.dispose()));
  }

  /** A transport starts; in a process of its own if it is to take that with it. */
  async #begin(): Promise<void> {
    const how = this.#exits.shift()?.how ?? 'close';
    const config = {
      brokers: this.#cluster.addresses,
      schedule: this.#schedule,
      directory: this.#spoolDirectory,
      mayBeTorn: this.#mayBeTorn,
    };
    if (how === 'SIGKILL') this.#mayBeTorn = true;
    const child = how === 'close' ? undefined : this.#children.shift();
    await child?.begin(config);
    this.#life = child ?? new Life(config, this.#events);
  }

  async #take(step: Step): Promise<void> {
    const cluster = this.#cluster;
    switch (step.do) {
      case 'log':
        return await this.#life?.take({ ...step, from: this.#next(step.records) });
      case 'poison':
        return await this.#life?.take({ ...step, number: this.#next(1) });
      case 'flush':
      case 'remove and add':
        return await this.#life?.take(step);
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
      case 'delete topic':
        this.#deleted.push(...this.#stored(TOPIC));
        cluster.deleteTopic(TOPIC);
        return;
      case 'create topic':
        cluster.createTopic(TOPIC, this.#partitions);
        // What had arrived where no answer said so has gone again, elsewhere.
        this.#repeatableBelow = this.#logged;
        return;
      case 'create missing topic':
        cluster.createTopic(MISSING_TOPIC, this.#schedule.partitions);
        return;
      case 'exit':
        await this.#exit(step);
        await this.#begin();
    }
  }

  /** Numbers for so many records. @returns the first */
  #next(records: number): number {
    const from = this.#logged;
    this.#logged += records;
    return from;
  }

  async #exit({ how, records }: Exit): Promise<void> {
    const from = this.#next(records);
    if (this.#life instanceof Life) {
      void this.#life.take({ do: 'log', from, records });
      await this.#close(this.#life);
    } else if (how !== 'close') {
      const safe = (await this.#life?.end(how, from, records, this.#events)) ?? 0;
      for (let number = from + safe; number < this.#logged; number++) this.#diedWith.add(number);
      this.#repeatableBelow = this.#logged;
    }
  }

  async #close(life: Life): Promise<number> {
    const { pending } = await life.close();
    if (pending > 0 || life.stats().reconnects > 0) this.#repeatableBelow = this.#logged;
    return pending;
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

  /** The last life has all the time it needs, as long as something arrives. */
  async #finish(): Promise<void> {
    if (!(this.#life instanceof Life)) throw new Error('the last life is in this process');
    let pending = Number.POSITIVE_INFINITY;
    for (let before = pending; pending > 0; before = pending) {
      ({ pending } = await this.#life.flush(STUCK_MS));
      if (pending === before) break;
    }
    if (pending > 0) {
      const stats = JSON.stringify(this.#life.stats());
      this.#events.onMishap(`${pending} records still wait with a healthy cluster: ${stats}`);
    }
    await this.#close(this.#life);
    if (this.#schedule.spool === 'none' || pending > 0) return;
    const left = readdirSync(this.#spoolDirectory, { recursive: true });
    if (left.length > 0) this.#events.onMishap(`still in the spool: ${left.join(', ')}`);
  }

  get #spoolDirectory(): string {
    return join(this.#directory, 'spool');
  }

  #stored(topic: string): number[][] {
    const stored: number[][] = Array.from({ length: this.#partitions }, () => []);
    if (!this.#cluster.topics().includes(topic)) return stored;
    for (const { partition, value } of this.#cluster.records(topic)) {
      stored[partition]?.push(Number.parseInt(value.toString(), 10));
    }
    return stored;
  }

  #report(): Report {
    const findings = judge({
      logged: this.#logged,
      diedWith: this.#diedWith,
      keyed: this.#schedule.keyed,
      idempotent: this.#schedule.idempotent,
      partitionsAdded: this.#partitions > this.#schedule.partitions,
      brokersAway: this.#schedule.brokers > 1 && this.#schedule.steps.some((step) => step.do === 'kill'),
      repeatableBelow: this.#repeatableBelow,
      stored: [...this.#deleted, ...this.#stored(TOPIC), ...this.#stored(MISSING_TOPIC)],
      handedOn: this.#handedOn,
      mishaps: this.#mishaps,
    });
    return { ...findings, records: this.#logged, handedOn: this.#handedOn.size };
  }
}

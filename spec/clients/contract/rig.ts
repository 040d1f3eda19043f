// For the specs of this folder: a cluster and a source of clients for each client under test, and batches made by hand.
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Batch, Records } from '../../../lib/accumulator/batch.ts';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import type { PageSlices } from '../../../lib/accumulator/store/page-slices.ts';
import { PagedQueue } from '../../../lib/accumulator/store/paged-queue.ts';
import type { ClientSource, DeliveryClient, SendOutcome, SendPath } from '../../../lib/clients/client.ts';
import { classifyOutcome, type SendResult } from '../../../lib/clients/send-result.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { rootCause } from '../../../lib/util/root-cause.ts';
import { BrokerCluster, type BrokerClusterOptions } from '../../../testing/broker/broker-cluster.ts';
import { clientBatch } from '../../sender/rig.ts';
import type { ClientUnderTest, Settings, StartedSource } from './clients.ts';
import { type Parts, recordsOf } from './records.ts';

export class ContractRig {
  readonly #client: ClientUnderTest;
  readonly #settings: Settings;
  #cluster: BrokerCluster | undefined;
  #started: StartedSource | undefined;
  #topics = 0;
  readonly told: { topic: string; count: number; writable: readonly number[] }[] = [];
  readonly paths: SendPath[] = [];

  constructor(client: ClientUnderTest, settings: Settings) {
    this.#client = client;
    this.#settings = settings;
  }

  get cluster(): BrokerCluster {
    if (this.#cluster === undefined) throw new Error('the cluster was not started');
    return this.#cluster;
  }

  get source(): ClientSource {
    if (this.#started === undefined) throw new Error('the source was not started');
    return this.#started.source;
  }

  async start(options: BrokerClusterOptions): Promise<void> {
    if (this.#cluster !== undefined) return;
    this.#cluster = await BrokerCluster.start(options);
    this.#started = this.#client.start(this.#cluster.addresses, this.#settings, {
      onPartitions: (topic, count, writable) => this.told.push({ topic, count, writable }),
      onPath: (path) => this.paths.push(path),
      onThrottle: () => undefined,
    });
  }

  async end(): Promise<void> {
    // First: whoever waits for an answer that does not come waits no longer.
    await this.#cluster?.stop();
    await this.#started?.end();
  }

  /** A name that no other case uses. */
  newName(): string {
    return `topic-${++this.#topics}`;
  }

  /** A topic that no other case uses. */
  newTopic(partitions = 1): string {
    const topic = this.newName();
    this.cluster.createTopic(topic, partitions);
    return topic;
  }

  /** A client of its own for each case. */
  async connected(): Promise<DeliveryClient> {
    const client = this.source.make();
    onTestFinished(() => client.kill());
    await client.connect();
    return client;
  }
}

/** Those of a spec file: a worker thread takes longer to start than most cases take. */
const rigs = new Map<string, ContractRig>();
afterAll(async () => {
  for (const rig of rigs.values()) await rig.end();
});

/** A cluster and a source of clients, the same for all cases of a file; each case has clients and topics of its own. */
export function contractRig(
  client: ClientUnderTest,
  { cluster = {}, ...settings }: Settings & { cluster?: BrokerClusterOptions } = {},
): ContractRig {
  const key = JSON.stringify([client.name, cluster, settings]);
  const rig = rigs.get(key) ?? new ContractRig(client, settings);
  rigs.set(key, rig);
  beforeAll(() => rig.start({ brokers: 2, ...cluster }));
  return rig;
}

/** Records as they stand in the pages of a queue. @param others those before them, which were taken out already */
export function packed(
  records: readonly PendingRecord[],
  pool: PagePool = new PagePool(),
  others: readonly PendingRecord[] = [],
): PageSlices {
  const queue = new PagedQueue(pool, () => undefined);
  for (const record of [...others, ...records]) queue.push(record);
  const maxBytes = Number.MAX_SAFE_INTEGER;
  if (others.length > 0) queue.takePacked({ most: others.length, maxBytes })?.release();
  const slices = queue.takePacked({ most: records.length, maxBytes });
  if (slices?.count !== records.length || queue.count > 0) throw new Error('not all of them stand in pages');
  return slices;
}

const OTHERS: readonly Parts[] = [
  { text: 'größer', key: 'other' },
  { text: 'other', headers: { other: 'header' } },
];

type Contents = readonly (readonly [name: string, of: (records: PendingRecord[]) => Records])[];

/** What a batch may hold. */
export const CONTENTS: Contents = [
  ['objects', (records) => records],
  ['pages', (records) => packed(records)],
  [
    'the rest of pages',
    (records) => packed(records, new PagePool(), recordsOf(records[0]?.topic ?? '', OTHERS)),
  ],
];

/** A batch for partition 0, unless it is another one. */
export function batchOf(
  topic: string,
  texts: readonly (Parts | string)[],
  partition: number | undefined = 0,
): Batch {
  return clientBatch(topic, recordsOf(topic, texts), partition);
}

export async function outcomeOf(sending: Promise<unknown>): Promise<SendOutcome> {
  try {
    return { answer: await sending };
  } catch (error) {
    return { error };
  }
}

/** Sends a batch. @returns what its outcome means */
export async function resultOf(client: DeliveryClient, batch: Batch): Promise<SendResult> {
  return classifyOutcome(await outcomeOf(client.send(batch)), batch);
}

/** Kafka's name for what a result comes from. */
export function typeOf(result: SendResult): unknown {
  return 'cause' in result ? rootCause(result.cause).type : undefined;
}

/** A promise, and what fulfils it. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

import { type Batch, bytesOf, countOf, isPacked, type Records } from './batch.ts';
import type { Lane } from './partition-queue.ts';
import type { PendingRecord } from '../record/record.ts';

/** A batch that has left its lane. */
export class LaneBatch implements Batch {
  readonly topic: string;
  readonly lane: Lane;
  readonly count: number;
  /** Its size. */
  readonly bytes: number;
  partition: number | undefined;
  #content: Records;

  constructor(topic: string, lane: Lane, content: Records) {
    this.topic = topic;
    this.lane = lane;
    this.partition = lane.partition;
    this.count = countOf(content);
    this.bytes = bytesOf(content);
    this.#content = content;
  }

  get content(): Records {
    return this.#content;
  }

  /** The records as objects, from now on. Not on the way of a send that succeeds: what has been packed is unpacked. */
  get records(): readonly PendingRecord[] {
    const content = this.#content;
    if (!isPacked(content)) return content;
    const records = content.toObjects();
    for (const record of records) record.state = 'in-flight';
    content.letGo();
    this.#content = records;
    return records;
  }

  /** Whether its records have been sent before. */
  get isRetry(): boolean {
    return !isPacked(this.#content) && this.#content[0]?.isBack === true;
  }

  /** It has been delivered, and nobody needs its records any more. Those that were packed are gone. */
  letGo(): void {
    if (!isPacked(this.#content)) return;
    this.#content.letGo();
    this.#content = [];
  }
}

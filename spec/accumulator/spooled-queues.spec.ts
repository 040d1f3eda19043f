import { describe, expect, it, onTestFinished } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { MemoryLimit, type OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import type { HeldTopic } from '../../lib/accumulator/queues/held-queues.ts';
import type { TopicQueues } from '../../lib/accumulator/queues/topic-queues.ts';
import { Topics } from '../../lib/accumulator/queues/topics.ts';
import { RecordDropper } from '../../lib/accumulator/record-dropper.ts';
import { SpooledQueues } from '../../lib/accumulator/spooled-queues.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { batchingPolicy, HeldClock, recordOf } from '../sender/rig.ts';
import { directoryOfSpec, replaceInFs, systemError } from '../spool/rig.ts';

const MAX_RECORDS = 16;

interface RigOptions {
  readonly maxBytesOnDisk?: number;
  readonly overflow?: OverflowPolicy;
}

/** Memory for sixteen records, and a disk. */
class Rig {
  readonly clock = new HeldClock();
  readonly ledger = new Ledger();
  readonly limits: { maxRecords: number; maxBytes: number; overflow: OverflowPolicy };
  readonly buffer: MemoryLimit;
  readonly topics: Topics;
  readonly spool: Spool;
  readonly queues: SpooledQueues;
  readonly rejected: string[] = [];
  readonly dropped: string[] = [];
  readonly held: HeldTopic[] = [];

  constructor({ maxBytesOnDisk = 1_000_000, overflow = 'drop-oldest' }: RigOptions = {}) {
    const nothing = (): void => undefined;
    this.limits = { maxRecords: MAX_RECORDS, maxBytes: 1_000_000, overflow };
    this.buffer = new MemoryLimit(this.limits, this.ledger);
    this.topics = new Topics(batchingPolicy({ makeQueue: this.buffer.makeQueue }));
    this.spool = new Spool(
      { directory: directoryOfSpec(), mode: 'overflow', maxBytes: maxBytesOnDisk },
      this.clock,
      { onAdopted: () => 0, onDamaged: nothing, onLost: nothing, onError: nothing, onWork: nothing },
    );
    this.queues = new SpooledQueues({
      spool: this.spool,
      ledger: this.ledger,
      buffer: this.buffer,
      limits: this.limits,
      topics: this.topics,
      dropper: new RecordDropper(this.ledger, this.spool, ({ text }) => this.dropped.push(text)),
      onHeld: (topic) => this.held.push(topic),
    });
  }

  /** When nothing is left to be found of other processes. */
  async open(): Promise<this> {
    this.spool.open();
    onTestFinished(() => this.spool.close());
    await this.clock.settle();
    return this;
  }

  topic(name: string): TopicQueues {
    const queues = this.topics.of(name);
    if (queues.partitionCount === undefined) queues.setPartitions(2, [0, 1]);
    return queues;
  }

  /** @returns where the record waits now */
  add(text: string, topic = 'logs'): 'memory' | 'disk' | 'nowhere' | 'no room' {
    const record = recordOf({ text, topic, key: 'k' });
    const placed = this.queues.place(record);
    if (placed === 'nowhere') this.rejected.push(text);
    if (placed !== 'memory') return placed;
    if (!this.buffer.hasRoomFor(record.bytes)) return 'no room';
    this.ledger.accept(record);
    this.topic(topic).add(record);
    return 'memory';
  }

  addAll(count: number, topic?: string): string[] {
    return Array.from({ length: count }, (_, at) => this.add(`${at}`, topic));
  }

  /** Sends a batch, which is delivered. @returns its texts */
  deliver(topic = 'logs'): string[] {
    const queues = this.topic(topic);
    const batch = queues.drain(1_000, true);
    if (batch === undefined) return [];
    const texts = batch.records.map(({ text }) => text);
    for (const record of batch.records) {
      this.ledger.startSend(record);
      this.ledger.deliver(record);
    }
    queues.succeed(batch);
    this.queues.onDelivered();
    return texts;
  }

  /** Sends a batch, which fails. */
  fail(topic: string): void {
    const queues = this.topic(topic);
    const batch = queues.drain(1_000_000, true);
    if (batch === undefined) throw new Error('nothing is due');
    const { records } = batch;
    for (const record of records) this.ledger.startSend(record);
    for (const record of records) this.ledger.reenqueue(record);
    queues.reenqueue(batch, records, 0);
    this.queues.look();
  }

  replay(): boolean {
    return this.queues.syncWithSpool({ wall: this.clock.wall(), monotonic: this.clock.now });
  }

  textsOf(topic: string): string[] {
    const queues = this.topic(topic);
    return [...queues.queueFor(recordOf({ key: 'k' })).queue].map(({ text }) => text);
  }
}

describe('a new record', () => {
  it('waits in memory while there is room, and on disk from then on', async () => {
    const rig = await new Rig().open();
    expect(rig.addAll(18)).toEqual([...Array(16).fill('memory'), 'disk', 'disk']);
    rig.deliver();
    // Others wait there that it must not overtake.
    expect(rig.add('later')).toBe('disk');
    expect(rig.ledger).toMatchObject({ accepted: 19, spooled: 3, replayed: 0, inMemory: 6 });
  });

  it('is rejected where it must not overtake others on disk, and that is full', async () => {
    const rig = await new Rig({ maxBytesOnDisk: 220 }).open();
    const where = rig.addAll(19);
    expect(where.slice(16)).toEqual(['disk', 'nowhere', 'nowhere']);
    rig.deliver();
    expect(rig.add('later')).toBe('nowhere');
    expect(rig.rejected).toEqual(['17', '18', 'later']);
  });
});

describe('what waits on disk', () => {
  it('comes back in its order, once memory is half empty', async () => {
    const rig = await new Rig().open();
    rig.addAll(20);
    const batch = rig.topic('logs').drain(1_000, true);
    if (batch === undefined) throw new Error('nothing is due');
    const { records } = batch;
    for (const record of records) rig.ledger.startSend(record);
    for (const record of records.slice(0, 7)) rig.ledger.deliver(record);
    // Nine of sixteen are left.
    expect(rig.replay()).toBe(false);
    expect(rig.ledger.replayed).toBe(0);
    for (const record of records.slice(7, 8)) rig.ledger.deliver(record);
    rig.replay();
    expect(rig.ledger.replayed).toBe(4);
    for (const record of records.slice(8)) rig.ledger.deliver(record);
    expect(rig.textsOf('logs')).toEqual(['10', '11', '12', '13', '14', '15', '16', '17', '18', '19']);
    // What is new waits in memory again.
    expect(rig.add('later')).toBe('memory');
  });

  it('has the age that it had', async () => {
    const rig = await new Rig().open();
    rig.clock.now = 5_000;
    rig.addAll(17);
    rig.deliver();
    // Records of the rig are from 1970 on the wall clock.
    rig.replay();
    expect(rig.topic('logs').queueFor(recordOf({ key: 'k' })).queue.last?.acceptedAt).toBe(
      -rig.clock.wallOffset,
    );
  });
});

describe('a topic that is held', () => {
  it('gives room in memory to others, but for a share: its youngest records go to disk', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    expect(rig.add('a')).toBe('memory');
    // Of the quarter for what is held, half: the other half is for its records whose partition is not known.
    expect(rig.textsOf('away')).toEqual(['0', '1']);
    expect(rig.ledger.spooled).toBe(14);
    // Behind its own on disk, although memory has room.
    expect(rig.add('16', 'away')).toBe('disk');
    expect(rig.add('b')).toBe('memory');
    expect(rig.deliver()).toEqual(['a', 'b']);
  });

  it('loses one record, and not all that were to give room, where nothing can be written', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    let canWrite = false;
    replaceInFs('writeSync', (real) => (...args: Parameters<typeof real>) => {
      if (!canWrite) throw systemError('EIO');
      return real(...args);
    });
    expect([rig.add('a'), rig.add('b')]).toEqual(['memory', 'memory']);
    expect(rig.dropped).toEqual(['15', '14']);
    expect(rig.textsOf('away')).toEqual(Array.from({ length: 14 }, (_, at) => `${at}`));
    canWrite = true;
    expect([rig.add('c'), rig.add('d')]).toEqual(['memory', 'memory']);
    expect(rig.dropped).toEqual(['15', '14']);
    expect(rig.textsOf('away')).toEqual(['0', '1']);
  });

  it('keeps in memory what there is no room for on a disk that fills up meanwhile: that was lost', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    let room = 600;
    replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
      if (bytes.length > room) throw systemError('ENOSPC');
      room -= bytes.length;
      return real(fd, bytes, at);
    });
    expect(rig.add('a')).toBe('memory');
    expect([rig.dropped, rig.ledger.spooledWaiting > 0, rig.ledger.spooledWaiting < 14]).toEqual([
      [],
      true,
      true,
    ]);
    room = 1_000_000;
    const delivered: string[] = [];
    for (let more = [...rig.deliver('away'), '']; more.length > 0; more = rig.deliver('away')) {
      delivered.push(...more.filter((text) => text !== ''));
      rig.replay();
    }
    expect(delivered).toEqual(Array.from({ length: 16 }, (_, at) => `${at}`));
  });

  it('is read past on disk while it is held, and from the beginning afterwards', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    rig.add('a');
    rig.replay();
    expect(rig.textsOf('away')).toEqual(['0', '1']);
    expect(rig.ledger.replayed).toBe(0);
    expect(rig.deliver('logs')).toEqual(['a']);
    expect(rig.deliver('away')).toEqual(['0', '1']);
    rig.replay();
    expect(rig.textsOf('away')).toEqual(Array.from({ length: 14 }, (_, at) => `${at + 2}`));
    expect(rig.dropped).toEqual([]);
  });

  it('has what goes to disk read behind what memory still has of it', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    rig.add('0', 'away, too');
    rig.fail('away, too');
    expect(rig.add('16', 'away')).toBe('disk');
    const texts = ['0'];
    for (let where = 'memory'; where === 'memory'; texts.push(`${texts.length}`))
      where = rig.add(`${texts.length}`, 'away, too');
    rig.spool.leave([...rig.topic('away, too').queues()].flatMap((queue) => [...queue]));
    rig.spool.beginAnew();
    const read: string[] = [];
    for (let next = rig.spool.take(); next !== undefined; next = rig.spool.take())
      if (next.topic === 'away, too') read.push(next.text);
    expect(read).toEqual(texts);
  });

  it('is read anew once its keys belong elsewhere, also where others of its partition still wait there', async () => {
    const rig = await new Rig().open();
    const requested = recordOf({ text: 'requested', topic: 'away', requestedPartition: 1 });
    rig.ledger.accept(requested);
    rig.topic('away').add(requested);
    rig.addAll(15, 'away');
    rig.fail('away');
    rig.add('a');
    expect(rig.ledger.spooled).toBeGreaterThan(0);
    rig.topic('away').setPartitions(3, [0, 1, 2]);
    rig.queues.look();
    rig.add('15', 'away');
    const delivered: string[] = [];
    for (let more = rig.deliver('away'); more.length > 0; more = rig.deliver('away')) {
      delivered.push(...more);
      rig.replay();
    }
    expect(delivered.filter((text) => text !== 'requested')).toEqual(
      Array.from({ length: 16 }, (_, at) => `${at}`),
    );
  });

  it('is told of once it has failed four times and waits on disk', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    for (let failure = 0; failure < 3; failure++) rig.fail('away');
    rig.add('a');
    rig.replay();
    expect(rig.held).toEqual([]);
    rig.fail('away');
    rig.replay();
    rig.replay();
    expect(rig.held).toMatchObject([{ topic: 'away', partition: 1 }]);
  });

  it('is read past in turns of 500 records', async () => {
    const rig = await new Rig().open();
    rig.addAll(16, 'away');
    rig.fail('away');
    rig.add('a');
    rig.replay();
    const onDisk = rig.addAll(501 - 14, 'away');
    expect(new Set(onDisk)).toEqual(new Set(['disk']));
    rig.spool.beginAnew();
    expect(rig.replay()).toBe(true);
    expect(rig.spool.hasUnread).toBe(true);
    expect(rig.replay()).toBe(false);
    expect(rig.spool.hasUnread).toBe(false);
  });

  it.each<[OverflowPolicy, string, string[]]>([
    ['drop-oldest', 'memory', ['0']],
    ['drop-newest', 'nowhere', []],
  ])(
    'with %s, alone and with a full disk, costs others nothing: its own new record is in %s',
    async (overflow, where, dropped) => {
      const rig = await new Rig({ maxBytesOnDisk: 1, overflow }).open();
      rig.add('a');
      rig.addAll(15, 'away');
      rig.fail('away');
      rig.deliver();
      rig.add('b');
      expect(rig.add('15', 'away')).toBe(where);
      expect(rig.dropped).toEqual(dropped);
      expect(rig.textsOf('logs')).toEqual(['b']);
    },
  );
});

// Runs the steps of a model, and looks after each whether what must hold does.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DropReason } from '../../lib/record/record.ts';
import type { TransportEntry } from '../../lib/record/record.ts';
import { seededRandom } from '../../lib/sampling/seeded-random.ts';
import type { FlushReport } from '../../lib/sender/sender-options.ts';
import { ModelBroker } from './model-broker.ts';
import { BAD, BIG, ODD } from './model-client.ts';
import { ModelClock } from './model-clock.ts';
import { ModelDisk } from './model-disk.ts';
import { CLOSE_TIMEOUT_MS, ModelProcess } from './model-process.ts';
import { KEYS, keepsOrder, type Shape, type Step, TOPICS } from './model-steps.ts';

/** How long everything may take to be delivered, once nothing fails any more. */
const HEALED_MS = 300_000;
const LOOK_AROUND_MS = 31_000;
const ODD_MS = 300_000;
const MAX_HELD = TOPICS.length * 7;

interface Known {
  readonly id: number;
  readonly process: string;
  readonly life: string;
  readonly topic: string;
  readonly key: string | null;
  readonly requested: number | undefined;
  readonly mark: string;
  readonly bytes: number;
  /** Whether it was in a process that has crashed, and may not have been on disk. */
  mayBeLost: boolean;
  dropped: DropReason | undefined;
  delivered: boolean;
}

export class ModelWorld {
  readonly #shape: Shape;
  readonly #directory: string;
  readonly #clock = new ModelClock();
  readonly #broker: ModelBroker;
  readonly #disk: ModelDisk;
  readonly #random: () => number;
  readonly #processes: ModelProcess[] = [];
  readonly #records: Known[] = [];
  readonly #problems: string[] = [];
  readonly #flushes: { readonly until: number; report: FlushReport | undefined; readonly process: ModelProcess }[] = [];
  /** By process, what it has told of each record. */
  readonly #told = new Map<string, Map<number, string>>();
  readonly #counters = new Map<string, number[]>();
  readonly #steps: readonly Step[];
  #registry: 'here' | 'away' | 'slow' | 'sync' = 'here';
  #made = 0;
  #spooled = 0;
  #replayed = 0;
  /** What was accepted since the last turn of the event loop. */
  #fresh: Known[] = [];

  readonly #trace: ((line: string) => void) | undefined;

  /** @param trace is told of each send */
  constructor(shape: Shape, steps: readonly Step[], directory: string, trace?: (line: string) => void) {
    this.#trace = trace;
    this.#shape = shape;
    this.#steps = steps.filter((step) => keepsOrder(step, shape.ordered));
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#disk = new ModelDisk(directory);
    this.#broker = new ModelBroker(TOPICS, shape.partitions);
    this.#random = seededRandom(shape.seed);
  }

  /** What has come of it, in figures. */
  get figures(): Record<string, number> {
    const dropped = (reason: DropReason): number => this.#records.filter((one) => one.dropped === reason).length;
    const { stored } = this.#broker;
    return {
      records: this.#records.length,
      stored: new Set(stored.map(({ id }) => id)).size,
      twice: stored.length - new Set(stored.map(({ id }) => id)).size,
      overflow: dropped('overflow'),
      oversize: dropped('oversize'),
      rejected: dropped('rejected'),
      expired: dropped('expired'),
      closed: dropped('closed'),
      invalid: dropped('invalid'),
      mayBeLost: this.#records.filter(({ mayBeLost }) => mayBeLost).length,
      spooled: this.#spooled,
      replayed: this.#replayed,
      diskFailures: this.#disk.failures,
    };
  }

  /** @throws with all that went wrong */
  async run(): Promise<void> {
    this.#disk.install();
    try {
      for (let slot = 0; slot < this.#shape.slots; slot++) this.#start(slot);
      for (const [at, step] of this.#steps.entries()) {
        this.#trace?.(`${this.#clock.now} ${JSON.stringify(step)}`);
        await this.#take(step);
        this.#check(`after step ${at} (${step.do})`);
        if (this.#problems.length > 0) break;
      }
      if (this.#problems.length === 0) await this.#finish();
    } finally {
      for (const process of this.#processes) process.end();
      this.#disk.remove();
      rmSync(this.#directory, { recursive: true, force: true });
    }
    if (this.#problems.length > 0) throw new Error([...new Set(this.#problems)].slice(0, 12).join('\n'));
  }

  #problem(what: string): void {
    this.#problems.push(what);
  }

  #start(slot: number): void {
    const name = `p${this.#made++}`;
    this.#told.set(name, new Map());
    this.#processes[slot] = new ModelProcess({
      shape: this.#shape,
      name,
      broker: this.#broker,
      clock: this.#clock,
      directory: join(this.#directory, 'spool'),
      random: this.#random,
      serialize: (entry) => this.#serialize(entry),
      onSettled: (process, id, what) => this.#onSettled(process, id, what),
      trace: this.#trace,
      onMishap: (what) => {
        // What has been given up may still be under way.
        if (!what.startsWith('two sends') || !(this.#did('giveUp') || this.#did('close') || this.#did('survive'))) this.#problem(what);
      },
    });
    // Segments are named after the time at which a transport was made.
    this.#clock.now += 1;
  }

  #serialize({ message }: TransportEntry): string | Promise<string> {
    if (this.#registry === 'sync') return message;
    const away = Object.assign(new Error('the registry is away'), { code: 'ECONNREFUSED' });
    if (this.#registry === 'away') return Promise.reject(away);
    const ms = this.#registry === 'slow' ? 500 : 1;
    const clock = this.#processes[0]?.clock;
    return new Promise((resolve) => void clock?.after(ms, () => resolve(message)));
  }

  #process(slot: number): ModelProcess {
    return this.#processes[slot % this.#shape.slots] as ModelProcess;
  }

  async #take(step: Step): Promise<void> {
    const broker = this.#broker;
    switch (step.do) {
      case 'log': {
        const process = this.#process(step.slot);
        for (let n = 0; n < step.records; n++) this.#log(process, step, n);
        return;
      }
      case 'pass':
        await this.#pass(step.ms);
        return;
      case 'misbehave':
        broker.misbehave(step.what, step.times, step.topic);
        return;
      case 'connects':
        broker.connects = step.how as ModelBroker['connects'];
        return;
      case 'closes':
        broker.closes = step.how as ModelBroker['closes'];
        return;
      case 'latency':
        broker.latency = step.ms;
        return;
      case 'topic': {
        const topic = broker.topic(step.topic);
        if (step.what === 'maxAge') topic.maxAge = step.is ? 3_000 : Number.POSITIVE_INFINITY;
        else if (step.what === 'exists') topic.exists = step.is;
        else topic[step.what as 'isRefused' | 'refusesKeyless'] = step.is;
        return;
      }
      case 'partition': {
        const set = broker.topic(step.topic)[step.what as 'leaderless' | 'unreachable'];
        if (step.is) set.add(step.partition);
        else set.delete(step.partition);
        return;
      }
      case 'partitions': {
        const topic = broker.topic(step.topic);
        topic.partitions = Math.max(1, Math.min(6, topic.partitions + step.by));
        return;
      }
      case 'heal':
        broker.heal();
        return;
      case 'flush':
        this.#flush(this.#process(step.slot), step.timeoutMs);
        return;
      case 'signal': {
        const process = this.#process(step.slot);
        process.clock.run(() => void process.lifecycle.flushUnlessDown(5_000));
        return;
      }
      case 'release': {
        const process = this.#process(step.slot);
        process.clock.run(() => void process.lifecycle.release());
        return;
      }
      case 'close':
        this.#close(this.#process(step.slot));
        return;
      case 'reopen': {
        const process = this.#process(step.slot);
        process.clock.run(() => process.reopen());
        return;
      }
      case 'giveUp': {
        const process = this.#process(step.slot);
        process.clock.run(() => process.lifecycle.giveUp());
        return;
      }
      case 'exit': {
        const process = this.#process(step.slot);
        process.clock.run(() => process.lifecycle.exit(0));
        this.#checkProcess(process, 'at the exit');
        process.end();
        this.#disk.abandon(process.name);
        this.#start(step.slot % this.#shape.slots);
        return;
      }
      case 'survive': {
        // As for a signal that the application's own handler decides about.
        const process = this.#process(step.slot);
        process.life++;
        process.clock.run(() => void process.lifecycle.exitSoon());
        return;
      }
      case 'crash':
        this.#crash(step.slot % this.#shape.slots);
        return;
      case 'diskFault':
        this.#disk.fail(step.what as 'write', step.times);
        return;
      case 'diskFull':
        this.#disk.fill(step.room);
        return;
      case 'diskMended':
        this.#disk.mend();
        return;
      case 'registry':
        this.#registry = step.is as 'here';
        return;
      case 'clockSet':
        this.#clock.wallOffset += step.by;
        return;
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.pass(ms);
    this.#fresh = [];
  }

  #log(process: ModelProcess, step: Step & { do: 'log' }, n: number): void {
    const id = this.#records.length;
    const topic = step.topics[n % step.topics.length] as string;
    const hasKey = step.keys === 'all' || (step.keys === 'some' && n % 3 > 0);
    const key = hasKey ? (KEYS[(id * 7) % KEYS.length] as string) : null;
    // One in a while.
    const mark = n % 7 === 3 ? step.mark : '';
    const text = `${id} ${mark} ${'x'.repeat(n % 5 === 2 ? step.size : 0)}`;
    // One that is missing takes a producer that was handed in so long to find out that all of them would take hours.
    const isOwn = this.#shape.client === 'own' || this.#shape.client === 'idempotent';
    const requested =
      isOwn || step.partition === undefined ? step.partition : step.partition % this.#shape.partitions;
    const severity = id % 4;
    const record: Known = {
      id,
      process: process.name,
      life: `${process.name}/${process.life}`,
      topic,
      key,
      requested,
      mark,
      bytes: text.length + (key?.length ?? 0),
      mayBeLost: false,
      dropped: undefined,
      delivered: false,
    };
    this.#records.push(record);
    this.#fresh.push(record);
    process.clock.run(() =>
      process.add({ topic, level: 'info', severity, time: process.clock.wall(), text, key, requestedPartition: requested }),
    );
    this.#checkProcess(process, `after record ${id}`);
  }

  #flush(process: ModelProcess, timeoutMs: number): void {
    const flush = { until: this.#clock.now + timeoutMs, report: undefined as FlushReport | undefined, process };
    this.#flushes.push(flush);
    process.clock.run(() => {
      void process.flush(timeoutMs).then((report) => (flush.report = report));
    });
  }

  #close(process: ModelProcess): void {
    const until = this.#clock.now + CLOSE_TIMEOUT_MS + 2_000;
    const flush = { until, report: undefined as FlushReport | undefined, process };
    this.#flushes.push(flush);
    process.clock.run(() => {
      void process.lifecycle.close().then((report) => (flush.report = report));
    });
  }

  #crash(slot: number): void {
    const process = this.#process(slot);
    process.end();
    this.#disk.abandon(process.name);
    const told = this.#told.get(process.name);
    const isSafe = this.#shape.spool === 'always' && process.spoolErrors.length === 0 && !this.#shape.serializes;
    for (const record of this.#records) {
      if (record.process !== process.name || told?.has(record.id)) continue;
      if (!isSafe || this.#fresh.includes(record)) record.mayBeLost = true;
    }
    this.#start(slot);
  }

  #onSettled(process: ModelProcess, id: number, what: 'delivered' | DropReason): void {
    const record = this.#records[id];
    const told = this.#told.get(process.name);
    if (record === undefined || told === undefined) return this.#problem(`${id} was never logged, and is ${what}`);
    const before = told.get(id);
    // The next life does not know of what could not be noted.
    if (before !== undefined && process.spoolErrors.length === 0) this.#problem(`${id} was ${before}, and is ${what}`);
    told.set(id, what);
    if (what === 'delivered') {
      record.delivered = true;
      if (!this.#broker.has(id)) this.#problem(`${id} is told to be delivered, and no broker has it`);
      return;
    }
    record.dropped = what;
    this.#checkReason(process, record, what);
  }

  #checkReason(process: ModelProcess, { id, mark, bytes, requested, key }: Known, reason: DropReason): void {
    const { spool, maxAgeMs, maxBytes, maxRecords, spoolBytes, serializes } = this.#shape;
    const hasSpool = spool !== 'none' && process.spoolErrors.length === 0 && spoolBytes > 1e6;
    const wrong = (): void => this.#problem(`${id} (${mark} ${key}) was dropped for no reason: ${reason}`);
    if (reason === 'overflow') {
      const { inMemory, inMemoryBytes } = process.ledger;
      // It is counted no more.
      const isFull = inMemory + 1 >= maxRecords || inMemoryBytes + bytes + 3_100 > maxBytes;
      // A new one may not pass what waits on disk.
      const isNew = (serializes || id === this.#records.length - 1) && spool !== 'none';
      if ((hasSpool && !serializes) || (!isFull && !isNew)) wrong();
    } else if (reason === 'oversize') {
      if (mark !== BIG && bytes <= maxBytes) wrong();
    } else if (reason === 'expired') {
      if (maxAgeMs === undefined) wrong();
    } else if (reason === 'closed') {
      if (hasSpool && !serializes && !process.lifecycle.isClosed) wrong();
    } else if (reason === 'rejected') {
      const wasRefused = this.#did('topic', ({ what }) => what !== 'exists');
      if (mark !== BAD && mark !== ODD && requested === undefined && !wasRefused) wrong();
    } else wrong();
  }

  #did<Name extends Step['do']>(name: Name, test: (step: Step & { do: Name }) => boolean = () => true): boolean {
    return this.#steps.some((step) => step.do === name && test(step as Step & { do: Name }));
  }

  #check(when: string): void {
    for (const process of this.#processes) this.#checkProcess(process, when);
    for (const { until, report, process } of this.#flushes) {
      if (report === undefined && this.#clock.now > until + 1 && !process.clock.hasEnded) {
        this.#problem(`a flush has not ended in time ${when}`);
      }
    }
  }

  #checkProcess({ name, ledger }: ModelProcess, when: string): void {
    const { accepted, delivered, queued, inFlight, spooledWaiting, droppedTotal, inMemory, inMemoryBytes, queuedBytes } = ledger;
    const { spooled, replayed } = ledger;
    if (accepted !== delivered + queued + inFlight + (spooled - replayed) + droppedTotal)
      this.#problem(`the counts do not balance ${when}`);
    const all = { delivered, queued, inFlight, spooledWaiting, droppedTotal, inMemoryBytes, queuedBytes };
    for (const [what, count] of Object.entries(all)) if (count < 0) this.#problem(`${what} is ${count} ${when}`);
    const { maxRecords, maxBytes, spool } = this.#shape;
    // Of each queue that is held, one record may be more than there is room for.
    const isHeldAlone = spool !== 'none' && inMemory <= maxRecords + MAX_HELD;
    if (isHeldAlone) {
      // Fine.
    } else if (inMemory > maxRecords) this.#problem(`${inMemory} records are in memory ${when}, and ${maxRecords} may be`);
    else if (inMemoryBytes > maxBytes) this.#problem(`${inMemoryBytes} bytes are in memory ${when}, and ${maxBytes} may be`);
    if (this.#shape.slots > 1 || this.#did('diskFault', ({ what }) => what === 'read')) return;
    const now = [accepted, delivered, spooled, replayed, droppedTotal];
    const before = this.#counters.get(name) ?? [];
    if (now.some((count, at) => count < (before[at] ?? 0))) this.#problem(`a counter has fallen ${when}: ${before} ${now}`);
    this.#spooled += Math.max(0, spooled - (before[2] ?? 0));
    this.#replayed += Math.max(0, replayed - (before[3] ?? 0));
    this.#counters.set(name, now);
  }

  /** Nothing fails any more: all has to be settled in a bounded time. */
  async #finish(): Promise<void> {
    this.#broker.heal();
    this.#disk.mend();
    this.#registry = 'here';
    // What is being closed has been closed.
    await this.#pass(CLOSE_TIMEOUT_MS + 3_000);
    for (const [slot, process] of this.#processes.entries()) {
      if (process.lifecycle.isClosed || process.clock.hasEnded) this.#start(slot);
    }
    // In a memory of a few records, queues that are held leave each other no room for the second record that would show it.
    const isTiny = this.#shape.spool !== 'none' && this.#shape.maxRecords < 60;
    if (!isTiny && this.#records.some(({ mark }) => mark === ODD)) await this.#settleInnocent();
    this.#broker.encodesAll = true;
    await this.#settleAll('once nothing failed any more');
    for (const process of this.#processes) this.#close(process);
    await this.#pass(CLOSE_TIMEOUT_MS + 3_000);
    this.#check('at the end');
    for (const process of this.#processes) process.end();
    for (const process of this.#processes) this.#disk.abandon(process.name);
    this.#processes.length = 0;
    this.#start(0);
    await this.#pass(LOOK_AROUND_MS);
    await this.#settleAll('by the next process');
    this.#close(this.#process(0));
    await this.#pass(CLOSE_TIMEOUT_MS + 3_000);
    this.#check('at the very end');
    const left = readdirSync(this.#directory, { recursive: true, encoding: 'utf8' }).filter((file) => file !== 'spool');
    if (left.length > 0) this.#problem(`still in the spool: ${left.join(', ')}`);
    this.#judge();
  }

  /** Records that cannot be encoded must not hold up any others. */
  async #settleInnocent(): Promise<void> {
    await this.#pass(ODD_MS);
    const waiting = this.#records.filter(
      ({ id, mark, dropped, mayBeLost }) =>
        mark !== ODD && dropped === undefined && !mayBeLost && !this.#broker.has(id),
    );
    // What nobody has taken over yet does not count.
    if (waiting.length > 0 && this.#made === this.#shape.slots)
      this.#problem(`innocent: ${waiting.map(({ id }) => id).join(' ')} wait behind one that cannot be encoded`);
  }

  async #settleAll(when: string): Promise<void> {
    const started = this.#flushes.length;
    for (const process of this.#processes) this.#flush(process, HEALED_MS);
    const mine = this.#flushes.slice(started);
    await this.#clock.pass(HEALED_MS + 1_000, () => mine.every(({ report }) => report !== undefined));
    this.#check(when);
    for (const { report, process } of mine) {
      const { unsettled, inMemory, inMemoryBytes, queuedBytes } = process.ledger;
      if (report === undefined) this.#problem(`a flush does not end ${when}`);
      else if (report.pending > 0) this.#problem(`${report.pending} records are pending ${when} (${JSON.stringify(process.ledger)})`);
      else if (unsettled + inMemory + inMemoryBytes + queuedBytes > 0)
        this.#problem(`${unsettled} records, ${inMemoryBytes} bytes are left ${when}`);
    }
  }

  #judge(): void {
    for (const { id, dropped, mayBeLost, mark } of this.#records) {
      if (!this.#broker.has(id) && dropped === undefined && !mayBeLost) this.#problem(`${id} (${mark}) is lost`);
    }
    this.#judgeOrder();
  }

  #judgeOrder(): void {
    const { ordered } = this.#shape;
    if (ordered === 'none') return;
    const areLivesApart = this.#shape.slots > 1 || this.#did('reopen') || this.#did('survive');
    const streams = new Map<string, number[]>();
    const seen = new Set<number>();
    for (const { topic, partition, id } of this.#broker.stored) {
      const record = this.#records[id];
      if (record === undefined || seen.has(id)) continue;
      seen.add(id);
      const { dropped, mayBeLost, key, requested, life, mark } = record;
      // Others get through while it cannot be encoded, and it may be later on.
      if (dropped !== undefined || mayBeLost || mark === ODD || (key === null && ordered !== 'all')) continue;
      const whose = areLivesApart ? life : '';
      const where = key === null ? `/${partition}` : '';
      const name = `${whose} ${topic}${where} ${requested ?? ''} ${key}`;
      const stream = streams.get(name);
      if (stream === undefined) streams.set(name, [id]);
      else stream.push(id);
    }
    for (const [name, ids] of streams) {
      const sorted = [...ids].sort((a, b) => a - b);
      if (ids.some((id, at) => id !== sorted[at])) this.#problem(`out of order in ${name}: ${ids.join(' ')}`);
    }
  }
}

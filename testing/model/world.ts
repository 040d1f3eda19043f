// Runs the steps of a model, and looks after each whether what must hold does.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TransportEntry } from '../../lib/record/record.ts';
import { seededRandom } from '../../lib/sampling/seeded-random.ts';
import { ModelBroker } from './broker.ts';
import type { Trace } from './client.ts';
import { ModelClock } from './clock.ts';
import { Counts } from './counts.ts';
import { ModelDisk } from './disk.ts';
import { type LoggedRecord, LoggedRecords } from './logged-records.ts';
import { type PendingFlush, PendingFlushes } from './pending-flushes.ts';
import { CLOSE_TIMEOUT_MS, ModelProcess } from './process.ts';
import { ODD } from './seen-records.ts';
import { KEYS, keepsOrder, type Shape, type Step, type StepOf, TOPICS } from './steps.ts';
import { takeStep } from './take-step.ts';

// How long everything may take to be settled, once nothing fails any more.
const HEALED_MS = 300_000;
// Until a process has looked for what others have left.
const LOOK_AROUND_MS = 31_000;
// Until it is found out which records cannot be encoded.
const SEARCH_MS = 300_000;
// A close also waits for a client that does not answer.
const CLOSED_MS = CLOSE_TIMEOUT_MS + 3_000;

export class ModelWorld {
  readonly clock = new ModelClock();
  readonly broker: ModelBroker;
  readonly disk: ModelDisk;
  /** Of `serialize`. */
  registry: 'here' | 'away' | 'slow' | 'sync' = 'here';
  readonly #shape: Shape;
  readonly #steps: readonly Step[];
  readonly #directory: string;
  readonly #trace: Trace;
  readonly #random: () => number;
  readonly #records: LoggedRecords;
  readonly #counts: Counts;
  readonly #processes: ModelProcess[] = [];
  readonly #flushes = new PendingFlushes(this.clock);
  readonly #problems: string[] = [];
  /** What was logged since the last turn of the event loop. */
  readonly #fresh = new Set<LoggedRecord>();
  /** How many processes have been started. */
  #started = 0;

  constructor(shape: Shape, steps: readonly Step[], directory: string, trace?: Trace) {
    this.#shape = shape;
    this.#steps = steps.filter((step) => keepsOrder(step, shape.ordered));
    this.#directory = directory;
    this.#trace = trace;
    this.#random = seededRandom(shape.seed);
    this.broker = new ModelBroker(TOPICS, shape.partitions);
    this.disk = new ModelDisk(directory);
    const refusesTopics = this.#takes('topic', ({ what }) => what !== 'isMissing');
    this.#records = new LoggedRecords(shape, this.broker, refusesTopics, (what) => this.#problems.push(what));
    const mayFall = shape.slots > 1 || this.#takes('diskFault', ({ what }) => what === 'read');
    this.#counts = new Counts(shape, mayFall);
  }

  /** @throws with all that went wrong */
  async run(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true });
    this.disk.install();
    try {
      for (let slot = 0; slot < this.#shape.slots; slot++) this.#start(slot);
      for (const [at, step] of this.#steps.entries()) {
        this.#trace?.(`${this.clock.now} ${JSON.stringify(step)}`);
        await takeStep(this, step);
        this.#check(`after step ${at} (${step.do})`);
      }
      await this.#finish();
    } finally {
      for (const process of this.#processes) this.#end(process);
      this.disk.remove();
      rmSync(this.#directory, { recursive: true, force: true });
    }
    this.#throwProblems();
  }

  process(slot: number): ModelProcess {
    return this.#processes[slot % this.#shape.slots] as ModelProcess;
  }

  /** Does something in a process. */
  in(slot: number, fn: (process: ModelProcess) => unknown): void {
    const process = this.process(slot);
    process.clock.run(() => void fn(process));
  }

  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
    this.#fresh.clear();
  }

  log({ slot, records, topics, keys, partition, size, mark }: StepOf<'log'>): void {
    for (let n = 0; n < records; n++) {
      const hasKey = keys === 'all' || (keys === 'some' && n % 3 > 0);
      const id = this.#records.count;
      this.#add(this.process(slot), {
        topic: topics[n % topics.length] as string,
        key: hasKey ? (KEYS[(id * 7) % KEYS.length] as string) : null,
        requested: this.#requested(partition),
        // Some of them only.
        mark: n % 7 === 3 ? mark : '',
        size: n % 5 === 2 ? size : 0,
      });
    }
  }

  flush(process: ModelProcess, timeoutMs: number): PendingFlush {
    return this.#flushes.begin(process, timeoutMs, () => process.lifecycle.flush(timeoutMs));
  }

  close(process: ModelProcess): void {
    this.#flushes.begin(process, CLOSED_MS, () => process.lifecycle.close());
  }

  /** A process ends in good order, and another one takes its place. */
  exit(slot: number): void {
    const process = this.process(slot);
    process.clock.run(() => process.lifecycle.exit(0));
    this.#checkProcess(process, 'at the exit');
    this.#end(process);
    this.#start(slot);
  }

  /** The same in the middle of its work. */
  crash(slot: number): void {
    const process = this.process(slot);
    this.#end(process);
    this.#records.onCrash(process, this.#fresh);
    this.#start(slot);
  }

  #start(slot: number): void {
    this.#processes[slot % this.#shape.slots] = new ModelProcess({
      shape: this.#shape,
      name: `p${this.#started++}`,
      broker: this.broker,
      clock: this.clock,
      directory: join(this.#directory, 'spool'),
      random: this.#random,
      serialize: (entry) => this.#serialize(slot, entry),
      onSettled: (process, id, what) => this.#records.onTold(process, id, what),
      trace: this.#trace,
      onMishap: (what) => this.#onMishap(what),
    });
    // Segments are named after the time at which a transport was made.
    this.clock.now++;
  }

  #end(process: ModelProcess): void {
    process.end();
    this.disk.abandon(process.name);
  }

  #serialize(slot: number, { message }: TransportEntry): string | Promise<string> {
    if (this.registry === 'sync') return message;
    if (this.registry === 'away')
      return Promise.reject(Object.assign(new Error('the registry is away'), { code: 'ECONNREFUSED' }));
    const ms = this.registry === 'slow' ? 500 : 1;
    return new Promise((resolve) => void this.process(slot).clock.after(ms, () => resolve(message)));
  }

  #requested(partition: number | undefined): number | undefined {
    const { client, partitions } = this.#shape;
    // Each that is missing is found out in 32 attempts where a producer was handed in: all of them would take hours.
    const isOwn = client === 'own' || client === 'idempotent';
    return isOwn || partition === undefined ? partition : partition % partitions;
  }

  #add(
    process: ModelProcess,
    { size, ...content }: Pick<LoggedRecord, 'topic' | 'key' | 'requested' | 'mark'> & { size: number },
  ): void {
    const { topic, key, requested, mark } = content;
    const id = this.#records.count;
    const text = `${id} ${mark} ${'x'.repeat(size)}`;
    const bytes = text.length + (key?.length ?? 0);
    const life = `${process.name}/${process.life}`;
    const record = {
      ...content,
      id,
      bytes,
      life,
      process: process.name,
      mayBeLost: false,
      dropped: undefined,
    };
    this.#records.add(record);
    this.#fresh.add(record);
    const time = process.clock.wall();
    const fields = { topic, key, text, time, level: 'info', severity: id % 4, requestedPartition: requested };
    process.clock.run(() => process.add(fields));
    this.#checkProcess(process, `after record ${id}`);
  }

  #takes<Name extends Step['do']>(name: Name, test: (step: StepOf<Name>) => boolean = () => true): boolean {
    return this.#steps.some((step) => step.do === name && test(step as StepOf<Name>));
  }

  #onMishap(what: string): void {
    const gaveUp = this.#takes('giveUp') || this.#takes('close') || this.#takes('survive');
    // What was given up may still be under way.
    if (!what.startsWith('two sends') || !gaveUp) this.#problems.push(what);
  }

  #check(when: string): void {
    for (const process of this.#processes) this.#checkProcess(process, when);
    if (this.#flushes.areLate) this.#problems.push(`a flush has not ended in time ${when}`);
    this.#throwProblems();
  }

  #checkProcess(process: ModelProcess, when: string): void {
    for (const problem of this.#counts.problems(process)) this.#problems.push(`${problem} ${when}`);
  }

  #throwProblems(): void {
    if (this.#problems.length > 0) throw new Error([...new Set(this.#problems)].join('\n'));
  }

  /** Nothing fails any more: all has to be settled in a bounded time, what is on disk by the next process. */
  async #finish(): Promise<void> {
    this.broker.heal();
    this.disk.mend();
    this.registry = 'here';
    // What is being closed has been closed.
    await this.pass(CLOSED_MS);
    for (const [slot, process] of this.#processes.entries())
      if (process.lifecycle.isClosed) this.#start(slot);
    await this.#settleOthers();
    this.broker.encodesAll = true;
    await this.#settleAll('once nothing failed any more');
    for (const process of this.#processes) this.#end(process);
    this.#processes.length = 1;
    this.#start(0);
    await this.pass(LOOK_AROUND_MS);
    await this.#settleAll('by the next process');
    const left = readdirSync(this.#directory, { recursive: true }).filter((file) => file !== 'spool');
    if (left.length > 0) this.#problems.push(`still in the spool: ${left.join(', ')}`);
    for (const { id } of this.#records.missing) this.#problems.push(`${id} is lost`);
    const hasOutlived = this.#takes('reopen') || this.#takes('survive');
    this.#records.judgeOrder(hasOutlived || this.#shape.slots > 1);
  }

  /** Records that cannot be encoded must not hold others up. */
  async #settleOthers(): Promise<void> {
    const { spool, maxRecords, slots } = this.#shape;
    // In a memory of a few records, queues that are held leave each other no room for the second one that would show it.
    const isTiny = spool !== 'none' && maxRecords < 60;
    if (isTiny || ![...this.#records].some(({ mark }) => mark === ODD)) return;
    for (const process of this.#processes) this.flush(process, SEARCH_MS);
    await this.pass(SEARCH_MS + 1);
    // What an earlier process has left may not have been taken over yet.
    const waiting = this.#started > slots ? [] : this.#records.missing.filter(({ mark }) => mark !== ODD);
    const ids = waiting.map(({ id }) => id).join(' ');
    if (ids !== '') this.#problems.push(`${ids} wait behind what cannot be encoded`);
  }

  /** Flushes and closes each process: nothing is to be left. */
  async #settleAll(when: string): Promise<void> {
    const flushes = this.#processes.map((process) => this.flush(process, HEALED_MS));
    await this.clock.pass(HEALED_MS + 1_000, () => flushes.every(({ report }) => report !== undefined));
    this.#check(when);
    for (const { report, process } of flushes) {
      const { unsettled, inMemory, inMemoryBytes, queuedBytes } = process.ledger;
      const left = unsettled + inMemory + inMemoryBytes + queuedBytes;
      if (report?.pending !== 0 || left > 0)
        this.#problems.push(`not all is settled ${when}: ${JSON.stringify([report, process.ledger])}`);
      this.close(process);
    }
    await this.pass(CLOSED_MS);
    this.#check(when);
  }
}

// Takes the steps of a model, and looks after each whether what must hold does.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../lib/sampling/seeded-random.ts';
import { judgeOrder } from './arrival-order.ts';
import { ModelBroker } from './broker.ts';
import type { Trace } from './client.ts';
import { ModelClock } from './clock.ts';
import { Counts } from './counts.ts';
import { ModelDisk } from './disk.ts';
import { LoggedRecords } from './logged-records.ts';
import { type PendingFlush, PendingFlushes } from './pending-flushes.ts';
import { CLOSED_MS, ModelProcess } from './process.ts';
import { ModelRegistry } from './registry.ts';
import { judgeRepeats } from './repeats.ts';
import { settleEverything } from './settle-everything.ts';
import { keepsOrder, type Shape, type Step, type StepOf, TOPICS } from './steps.ts';
import { takeStep } from './take-step.ts';

export class ModelWorld {
  readonly clock = new ModelClock();
  readonly broker: ModelBroker;
  readonly disk: ModelDisk;
  readonly registry = new ModelRegistry();
  readonly shape: Shape;
  readonly directory: string;
  readonly records: LoggedRecords;
  /** Those that run, by slot. */
  readonly processes: ModelProcess[] = [];
  readonly problems: string[] = [];
  /** How many processes have been started. */
  started = 0;
  readonly #steps: readonly Step[];
  readonly #trace: Trace;
  readonly #random: () => number;
  readonly #counts: Counts;
  readonly #flushes = new PendingFlushes(this.clock);

  constructor(shape: Shape, steps: readonly Step[], directory: string, trace?: Trace) {
    this.shape = shape;
    this.#steps = steps.filter((step) => keepsOrder(step, shape.ordered));
    this.directory = directory;
    this.#trace = trace;
    this.#random = seededRandom(shape.seed);
    this.broker = new ModelBroker(TOPICS, shape.partitions);
    this.disk = new ModelDisk(directory);
    const refusesTopics = this.#takes('topic', ({ what }) => what !== 'isMissing');
    this.records = new LoggedRecords(shape, this.broker, refusesTopics, (what) => this.problems.push(what));
    const mayFall = shape.slots > 1 || this.#takes('diskFault', ({ what }) => what === 'read');
    this.#counts = new Counts(shape, mayFall);
  }

  /** @throws with all that went wrong */
  async run(): Promise<void> {
    mkdirSync(this.directory, { recursive: true });
    this.disk.install();
    try {
      for (let slot = 0; slot < this.shape.slots; slot++) this.start(slot);
      for (const [at, step] of this.#steps.entries()) {
        this.#trace?.(`${this.clock.now} ${JSON.stringify(step)}`);
        await takeStep(this, step);
        this.check(`after step ${at} (${step.do})`);
      }
      await settleEverything(this);
      this.#judgeArrival();
    } finally {
      for (const process of this.processes) this.end(process);
      this.disk.remove();
      rmSync(this.directory, { recursive: true, force: true });
    }
    this.#throwProblems();
  }

  process(slot: number): ModelProcess {
    return this.processes[slot % this.shape.slots] as ModelProcess;
  }

  /** Does something in a process. */
  in(slot: number, fn: (process: ModelProcess) => unknown): void {
    const process = this.process(slot);
    process.clock.run(() => void fn(process));
  }

  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
    this.records.onTurn();
  }

  flush(process: ModelProcess, timeoutMs: number): PendingFlush {
    return this.#flushes.begin(process, timeoutMs, () => process.lifecycle.flush(timeoutMs));
  }

  close(process: ModelProcess): void {
    this.#flushes.begin(process, CLOSED_MS, () => process.lifecycle.close());
  }

  start(slot: number): void {
    const process: ModelProcess = new ModelProcess({
      shape: this.shape,
      name: `p${this.started++}`,
      broker: this.broker,
      clock: this.clock,
      directory: join(this.directory, 'spool'),
      random: this.#random,
      serialize: (entry) => this.registry.serialize(entry, process.clock),
      onSettled: (of, id, what) => this.records.onTold(of, id, what),
      trace: this.#trace,
      onMishap: (what) => this.#onMishap(what),
    });
    this.processes[slot % this.shape.slots] = process;
    // Segments are named after the time at which a transport was made.
    this.clock.now++;
  }

  /** A process is gone, whatever it had still to do. */
  end(process: ModelProcess): void {
    process.end();
    this.disk.abandon(process.name);
  }

  /** A process ends in good order, and another one takes its place. */
  exit(slot: number): void {
    const process = this.process(slot);
    process.clock.run(() => process.lifecycle.drainOnExit(0));
    this.checkProcess(process, 'at the exit');
    this.end(process);
    this.start(slot);
  }

  /** The same in the middle of its work. */
  crash(slot: number): void {
    const process = this.process(slot);
    this.end(process);
    this.records.onCrash(process);
    this.start(slot);
  }

  /** @throws when something is wrong */
  check(when: string): void {
    for (const process of this.processes) this.checkProcess(process, when);
    if (this.#flushes.areLate) this.problems.push(`a flush has not ended in time ${when}`);
    this.#throwProblems();
  }

  checkProcess(process: ModelProcess, when: string): void {
    for (const problem of this.#counts.problems(process)) this.problems.push(`${problem} ${when}`);
  }

  #judgeArrival(): void {
    // What one life of a process has left may come after what the next one has logged.
    const areLivesApart = this.shape.slots > 1 || this.#takes('reopen') || this.#takes('survive');
    const { ordered } = this.shape;
    const { stored } = this.broker;
    this.problems.push(...judgeOrder(stored, this.records, ordered, areLivesApart));
    this.problems.push(...judgeRepeats(stored, this.shape, this.#steps));
  }

  #takes<Name extends Step['do']>(name: Name, test: (step: StepOf<Name>) => boolean = () => true): boolean {
    return this.#steps.some((step) => step.do === name && test(step as StepOf<Name>));
  }

  #onMishap(what: string): void {
    const gaveUp = this.#takes('giveUp') || this.#takes('close') || this.#takes('survive');
    // What was given up may still be under way.
    if (!what.startsWith('two sends') || !gaveUp) this.problems.push(what);
  }

  #throwProblems(): void {
    if (this.problems.length > 0) throw new Error([...new Set(this.problems)].join('\n'));
  }
}

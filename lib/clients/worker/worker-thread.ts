import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { LogEntry } from 'kafkajs';
import { messageOf } from '../../errors.ts';
import { guardSync } from '../../loop-safety/guard.ts';
import type { Clock } from '../../time/clock.ts';
import type { SendOutcome } from '../client.ts';
import { isSameData } from '../shared/same-data.ts';
import type { Order, Remark, Report, Task, WorkerSettings, WorkerStart } from './messages/thread-messages.ts';
import { fromWire } from './messages/wire-error.ts';
import { importsOf } from './modules/kafka-module.ts';
import { workerProgram } from './worker-program.ts';

/** A task that a worker will not answer, because it is gone. Its name is known to send-result.ts. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
}

/** Who waits for a task. Both are called synchronously: during `exit` no promise callback runs. */
export interface Waiting {
  onOutcome(outcome: SendOutcome): void;
  /** The partition that the client has chosen for a send. */
  onBound?(partition: number): void;
  /** What of the task is handed over rather than copied: it is not to be used here any more. */
  handsOver?: readonly ArrayBuffer[];
}

/** What a thread is started with: transports for which it is the same share one. */
export interface ThreadSettings {
  /** The path of the application's kafkajs. */
  readonly kafkajs: string | undefined;
  /** Flags of Node's for the thread. */
  readonly execArgv: readonly string[];
}

/** A transport that ships by a thread. */
export interface ThreadUser {
  /** The very same, or equal data, where the lines of the transports' clients go to the same place. */
  readonly logKey: unknown;
  onLine(entry: LogEntry): void;
  onRemark(remark: Remark): void;
}

/** A worker thread and what is asked of it, from its start to its end. It never keeps the process alive. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #reports = new Int32Array(new SharedArrayBuffer(4));
  readonly #calls = new Map<number, Waiting>();
  readonly #users = new Map<number, { readonly user: ThreadUser; readonly log: number }>();
  readonly #clock: Clock;
  readonly #onEnded: () => void;
  #made = 0;
  /** Why it answers no more. */
  #end: WorkerEndedError | undefined;

  /** @param onEnded called once, when it has ended, for whatever reason */
  constructor({ kafkajs, execArgv }: ThreadSettings, clock: Clock, onEnded: () => void = () => undefined) {
    this.#clock = clock;
    this.#onEnded = onEnded;
    const { port1, port2 } = new MessageChannel();
    const imports = importsOf(execArgv);
    const start: WorkerStart = { kafkajs, imports, port: port2, reports: this.#reports };
    try {
      this.#worker = new Worker(workerProgram(), {
        eval: true,
        name: 'winston-kafkajs',
        // What the application preloads (a tracer, a loader, its logger) is for its own threads: in this one it would run again,
        // and a logger with `worker: true` would start the next thread. Both of these would bring it along.
        execArgv: [...execArgv],
        env: withoutNodeOptions(process.env),
        workerData: { winstonKafkajs: start },
        transferList: [port2],
      });
    } catch (error) {
      port1.close();
      throw new Error(`the worker thread of the Kafka client cannot be started: ${messageOf(error)}`, {
        cause: error,
      });
    }
    // Not before: of a thread that could not be started, it would keep the process alive.
    this.#port = port1.on('message', (report: Report) => this.#take(report));
    this.#worker.on('error', (error) => this.#onEnd(messageOf(error)));
    this.#worker.on('exit', (code) => this.#onEnd(`exit code ${code}`));
    this.#worker.unref();
    this.#port.unref();
  }

  /** @returns the transport's number in this thread */
  join(user: ThreadUser, settings: Omit<WorkerSettings, 'log'>): number {
    const transport = ++this.#made;
    const same = [...this.#users.values()].find((other) => isSameData(other.user.logKey, user.logKey));
    const log = same?.log ?? transport;
    this.#users.set(transport, { user, log });
    this.give(transport, { kind: 'open', settings: { ...settings, log } }, { onOutcome: () => undefined });
    return transport;
  }

  /** The last transport that leaves ends the thread. */
  async leave(transport: number): Promise<void> {
    this.#users.delete(transport);
    if (this.#users.size === 0) await this.end('the transport was closed');
    else this.give(transport, { kind: 'leave' }, { onOutcome: () => undefined });
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Gives it something to do. What it has not answered when it ends fails with a {@link WorkerEndedError}. */
  give(transport: number, task: Task, waiting: Waiting): void {
    if (this.#end !== undefined) {
      waiting.onOutcome({ error: this.#end });
      return;
    }
    const order: Order = { ...task, transport, call: ++this.#made };
    this.#calls.set(order.call, waiting);
    try {
      this.#port.postMessage(order, waiting.handsOver ?? []);
    } catch (error) {
      // A getter in `kafka` that gives something no other thread can have.
      this.#settle(order.call, { error });
    }
  }

  /** Takes what it reports while the event loop stands still. @param until on the monotonic clock */
  listen(isWaiting: () => boolean, until: number): void {
    while (isWaiting() && !this.hasEnded) {
      const reports = Atomics.load(this.#reports, 0);
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) {
        this.#take(received.message);
        continue;
      }
      const left = until - this.#clock.monotonic();
      if (left <= 0) return;
      Atomics.wait(this.#reports, 0, reports, left);
    }
  }

  /** Ends it, at once, for all of its transports. */
  async end(why: string): Promise<void> {
    this.#onEnd(why);
    await this.#worker.terminate();
  }

  #take(report: Report): void {
    if (report.kind === 'done') this.#settle(report.call, { answer: report.answer });
    else if (report.kind === 'failed') this.#settle(report.call, { error: fromWire(report.error) });
    else if (report.kind === 'bound') this.#calls.get(report.call)?.onBound?.(report.partition);
    else if (report.kind === 'print') print(report.to, report.text);
    else if (report.kind === 'line') this.#userOfLog(report.log)?.onLine(report.entry);
    else this.#users.get(report.transport)?.user.onRemark(report);
  }

  /** Any of those whose clients' lines go to the same place: the one that made the client may be gone. */
  #userOfLog(log: number): ThreadUser | undefined {
    return [...this.#users.values()].find((other) => other.log === log)?.user;
  }

  #settle(number: number, outcome: SendOutcome): void {
    const waiting = this.#calls.get(number);
    this.#calls.delete(number);
    waiting?.onOutcome(outcome);
  }

  #onEnd(why: string): void {
    if (this.#end !== undefined) return;
    // What it has answered before counts.
    for (let report = receiveMessageOnPort(this.#port); report !== undefined; ) {
      this.#take(report.message);
      report = receiveMessageOnPort(this.#port);
    }
    this.#end = new WorkerEndedError(`the worker thread of the Kafka client has ended: ${why}`);
    this.#port.close();
    for (const number of this.#calls.keys()) this.#settle(number, { error: this.#end });
    this.#onEnded();
  }
}

/** Whatever captures what is printed runs under the flag, and must not end the process. */
function print(to: 'stdout' | 'stderr', text: string): void {
  try {
    guardSync(() => process[to].write(text));
  } catch {
    // Nowhere is left to report it.
  }
}

function withoutNodeOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // In whatever case: on Windows names have none.
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.toUpperCase() !== 'NODE_OPTIONS'));
}

import type { Task } from './thread-messages.ts';
import type { Waiting, WorkerThread } from './worker-thread.ts';

/** A transport's part of a worker thread, which it may share with others. */
export class ThreadMember {
  readonly #thread: WorkerThread;
  readonly #transport: number;

  /** @param transport its number in the thread */
  constructor(thread: WorkerThread, transport: number) {
    this.#thread = thread;
    this.#transport = transport;
  }

  get hasEnded(): boolean {
    return this.#thread.hasEnded;
  }

  /** Gives the thread something to do. What it has not answered when it ends fails with a `WorkerEndedError`. */
  give(task: Task, waiting: Waiting): void {
    this.#thread.give(this.#transport, task, waiting);
  }

  /** Takes what the thread reports while the event loop stands still. @param until on the monotonic clock */
  listen(isWaiting: () => boolean, until: number): void {
    this.#thread.listen(isWaiting, until);
  }

  /** The thread ends when its last transport leaves. */
  async leave(): Promise<void> {
    await this.#thread.leave(this.#transport);
  }

  /** Ends the thread, at once, for all of its transports. */
  async end(why: string): Promise<void> {
    await this.#thread.end(why);
  }
}

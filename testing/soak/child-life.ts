// A life in a process of its own, so that it can end in the middle of its work. What it has to tell, it writes into a
// file at once: messages may be lost with the process.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { startChild } from '../../spec/support/child-process.ts';
import type { Command, LifeConfig, LifeEvents } from './life.ts';
import type { Ending } from './schedule.ts';

export type ChildEnding = Exclude<Ending, 'close'>;

/** What its process is told. It answers all but the end; of SIGKILL, it tells how many records it has logged. */
export type ToChild =
  | { readonly do: 'begin'; readonly config: LifeConfig; readonly diary: string }
  | Command
  | { readonly do: 'end'; readonly how: ChildEnding; readonly from: number; readonly records: number };

/** A line of the diary. */
export type Entry = { readonly handedOn: number } | { readonly mishap: string };

// A schedule takes some seconds, and all of its processes start with it; on a very busy machine more than a minute.
const MAX_SCHEDULE_MS = 600_000;

export class ChildLife {
  readonly #child: ChildProcess;
  readonly #diary: string;
  readonly #ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;

  /** Its process starts at once, its life with `begin`. @param diary a file of its own */
  constructor(diary: string) {
    this.#diary = diary;
    this.#child = startChild(new URL('child-program.ts', import.meta.url), MAX_SCHEDULE_MS);
    // Not 'exit': what it has sent before comes in between.
    this.#ended = once(this.#child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  async begin(config: LifeConfig): Promise<void> {
    await this.#ask({ do: 'begin', config, diary: this.#diary });
  }

  async take(command: Command): Promise<void> {
    await this.#ask(command);
  }

  /**
   * Logs once more, and ends.
   *
   * @returns how many of these records must not be lost
   */
  async end(how: ChildEnding, from: number, records: number, events: LifeEvents): Promise<number> {
    let safe = records;
    if (how === 'SIGKILL') safe = await this.#killAmid(from, records);
    else this.#child.send({ do: 'end', how, from, records } satisfies ToChild);
    const [code, signal] = await this.#ended;
    if (how === 'SIGKILL' ? signal !== how : code !== 0) {
      events.onMishap(`the process that was to end by ${how} ended with ${code ?? signal}`);
    }
    this.#tell(events);
    return safe;
  }

  /** For one that is not needed any more. */
  async dispose(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Kills it while it logs. @returns how many records it had logged in earlier turns of its event loop */
  async #killAmid(from: number, records: number): Promise<number> {
    let logged = 0;
    this.#child.on('message', (more: number) => {
      logged = more;
      if (logged >= records / 2) this.#child.kill('SIGKILL');
    });
    this.#child.send({ do: 'end', how: 'SIGKILL', from, records } satisfies ToChild);
    await this.#ended;
    return logged;
  }

  async #ask(message: ToChild): Promise<void> {
    const end = this.#ended.then(([code, signal]): never => {
      throw new Error(`the process ended with ${code ?? signal} before its time`);
    });
    this.#child.send(message);
    await Promise.race([once(this.#child, 'message'), end]);
  }

  #tell(events: LifeEvents): void {
    if (!existsSync(this.#diary)) return;
    for (const line of readFileSync(this.#diary, 'utf8').split('\n')) {
      if (line === '') continue;
      const entry = JSON.parse(line) as Entry;
      if ('handedOn' in entry) events.onHandedOn(entry.handedOn);
      else events.onMishap(entry.mishap);
    }
  }
}

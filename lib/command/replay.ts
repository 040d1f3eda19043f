import type { KafkaConfig } from '../clients/kafkajs/inspector.ts';
import { KafkaTransport } from '../kafka-transport.ts';
import { systemClock } from '../util/clock.ts';
import type { Screen } from './screen.ts';
import { spooled } from './spool.ts';

export interface ReplayOptions {
  readonly directory: string;
  readonly kafka: KafkaConfig;
  /** Aborted by Ctrl-C: what is not sent stays on disk. */
  readonly signal: AbortSignal;
  /** Without progress for so long, it gives up. */
  readonly timeoutMs: number;
}

const BAR = 30;
const STEP_MS = 200;

/** Sends what has been left behind, as a transport with this spool does. @returns the exit code */
export async function replay(options: ReplayOptions, screen: Screen): Promise<number> {
  const { directory, kafka, signal, timeoutMs } = options;
  const left = spooled(directory, systemClock.systemTime()).filter(({ owner }) => owner.isGone);
  const total = left.reduce((sum, { waiting }) => sum + waiting.length, 0);
  if (total === 0) {
    screen.line('No records have been left behind.');
    return 0;
  }
  const transport = new KafkaTransport({
    // Each record has its own.
    topic: 'none',
    kafka,
    spool: { directory, mode: 'overflow' },
    // What has not been sent by then stays on disk.
    closeTimeoutMs: 1_000,
    dropNotice: false,
    signals: false,
  });
  let problem: string | undefined;
  transport.on('warn', (error: Error) => {
    problem = error.message;
  });
  const shown = new Progress(total, screen);
  let done = 0;
  let progressAt = systemClock.monotonic();
  while (!signal.aborted && done < total) {
    await new Promise<void>((resolve) => systemClock.after(STEP_MS, resolve, true));
    const { delivered, dropped } = transport.stats();
    const sum = delivered + Object.values(dropped).reduce((all, count) => all + count, 0);
    const now = systemClock.monotonic();
    if (sum > done) progressAt = now;
    done = sum;
    shown.update(done);
    if (now - progressAt > timeoutMs) break;
  }
  shown.end();
  const { delivered } = transport.stats();
  await transport.close();
  const rest = total - delivered;
  screen.line(`${delivered} of ${total} records were delivered${rest > 0 ? `; ${rest} were not` : ''}.`);
  if (rest > 0 && problem !== undefined) screen.line(problem);
  return rest > 0 ? 1 : 0;
}

/** A bar on a terminal; in a pipe a line for each tenth. */
class Progress {
  readonly #total: number;
  readonly #screen: Screen;
  #tenths = -1;

  constructor(total: number, screen: Screen) {
    this.#total = total;
    this.#screen = screen;
  }

  update(done: number): void {
    const part = Math.min(1, done / this.#total);
    const tenths = Math.floor(part * 10);
    if (!this.#screen.isTerminal && tenths === this.#tenths) return;
    this.#tenths = tenths;
    const filled = Math.round(part * BAR);
    const bar = this.#screen.isTerminal ? `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ` : '';
    this.#screen.progress(`${bar}${Math.floor(part * 100)} % (${done} of ${this.#total})`);
  }

  end(): void {
    this.#screen.endProgress();
  }
}

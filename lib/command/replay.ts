import { onOneLine } from '../client-log/line.ts';
import type { KafkaConfig } from '../clients/kafkajs/inspector.ts';
import { messageOf } from '../errors.ts';
import { KafkaTransport } from '../kafka-transport.ts';
import type { SeenSegment } from '../spool/inspect.ts';
import { systemClock } from '../time/clock.ts';
import type { Screen } from './screen.ts';

export interface ReplayOptions {
  readonly directory: string;
  /** What lies in it. */
  readonly segments: AsyncIterable<SeenSegment>;
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
  const { directory, segments, kafka, signal, timeoutMs } = options;
  let total = 0;
  for await (const { owner, waiting } of segments) if (owner.isGone) total += waiting.length;
  if (total === 0) {
    screen.line('No records have been left behind.');
    return 0;
  }
  const refused = new Map<string, { count: number; readonly why: string }>();
  let refusals = 0;
  const transport = new KafkaTransport({
    // Each record has its own.
    topic: 'none',
    kafka,
    spool: { directory, mode: 'overflow' },
    // What has not been sent by then stays on disk.
    closeTimeoutMs: 1_000,
    dropNotice: false,
    signals: false,
    fallback: ({ topic, reason, cause }) => {
      refusals++;
      const same = refused.get(topic);
      if (same === undefined) refused.set(topic, { count: 1, why: messageOf(cause ?? reason) });
      else same.count++;
    },
  });
  transport._keepDropped();
  let problem: string | undefined;
  transport.on('warn', ({ code, message }) => {
    // Those are told of below: nothing is dropped here.
    if (code !== 'ERR_RECORDS_DROPPED') problem = message;
  });
  const show = progressOf(total, screen);
  let done = 0;
  let progressAt = systemClock.monotonic();
  // Of what was counted, some may be lost by now, or taken over by another process: nothing would come of waiting for that.
  let isSettled = false;
  void transport.flush(Number.POSITIVE_INFINITY).then(() => {
    isSettled = true;
  });
  while (!signal.aborted && !isSettled) {
    await new Promise<void>((resolve) => systemClock.after(STEP_MS, resolve, true));
    const sum = transport.stats().delivered + refusals;
    const now = systemClock.monotonic();
    if (sum > done) progressAt = now;
    done = sum;
    show(done);
    if (now - progressAt > timeoutMs) break;
  }
  screen.endProgress();
  // Until it is closed, some more may arrive.
  await transport.close();
  const { delivered } = transport.stats();
  const rest = total - delivered;
  screen.line(`${delivered} of ${total} records were delivered${rest > 0 ? `; ${rest} were not` : ''}.`);
  for (const [topic, { count, why }] of refused)
    screen.line(onOneLine(`${topic}: ${count} refused (${why})`));
  if (refused.size > 0)
    screen.line('They stay in the spool: repair that (see winston-kafkajs check), and replay again.');
  if (rest > 0 && problem !== undefined) screen.line(onOneLine(problem));
  return rest > 0 ? 1 : 0;
}

/** A bar on a terminal; in a pipe a line for each tenth. @returns what shows how many are done */
function progressOf(total: number, screen: Screen): (done: number) => void {
  let shownTenths = -1;
  return (done) => {
    const part = Math.min(1, done / total);
    const tenths = Math.floor(part * 10);
    if (!screen.isTerminal && tenths === shownTenths) return;
    shownTenths = tenths;
    const filled = Math.round(part * BAR);
    const bar = screen.isTerminal ? `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ` : '';
    screen.progress(`${bar}${Math.floor(part * 100)} % (${done} of ${total})`);
  };
}

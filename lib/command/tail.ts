import { type KafkaConfig, KafkaInspector } from '../clients/kafkajs/inspector.ts';
import { messageOf } from '../errors.ts';
import { MAX_DELAY_MS, systemClock, type Timer } from '../time/clock.ts';
import { topicFailure } from './check/check-topic.ts';
import { isWanted, recordLine, type ShownRecord, shownRecord } from './record-line.ts';
import type { Screen } from './screen.ts';
import { TimeMerge } from './time-merge.ts';

export interface TailOptions {
  readonly kafka: KafkaConfig;
  readonly topic: string;
  /** The least severe level that is shown, as `severityOf` has it. */
  readonly severity: number | undefined;
  readonly pattern: RegExp | undefined;
  /** Epoch milliseconds. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  /** Whether it goes on when it has shown what is there. */
  readonly follows: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

// How often a request is tried again, each time for two seconds and with another broker.
const RETRIES = 3;
// A partition is read on when fewer of its records than this wait for those of others.
const AHEAD = 1_000;

/** Prints records as they arrive; or, what is there, by time. Commits nothing. @returns the exit code */
export async function tail(options: TailOptions, screen: Screen): Promise<number> {
  const { kafka, topic, severity, pattern, since, until, follows, signal } = options;
  const inspector = new KafkaInspector(kafka, RETRIES);
  let untilTimer: Timer | undefined;
  try {
    await inspector.connect().catch((error) => {
      throw new Error(`${messageOf(error)}. "winston-kafkajs check" tries each step, and says what to do.`, {
        cause: error,
      });
    });
    const ends = await inspector.ends(topic).catch((error) => {
      const { message, advice } = topicFailure(topic, error);
      throw new Error(`${message}. ${advice}`, { cause: error });
    });
    const from = since === undefined ? ends : await inspector.offsetsAt(topic, since);
    /** The partitions that have records to be shown, and where these end. */
    const left = new Map([...ends].filter(([partition, end]) => (from.get(partition) ?? end) < end));
    if (!follows && left.size === 0) return 0;
    const merge = follows ? undefined : new TimeMerge<ShownRecord>([...left.keys()]);
    const paused = new Map<number, () => void>();
    const show = (record: ShownRecord): void => screen.line(recordLine(record, screen));
    await new Promise<void>((resolve, reject) => {
      const end = (): void => resolve();
      if (signal.aborted) end();
      signal.addEventListener('abort', end);
      if (follows && until !== undefined) {
        const ms = Math.min(Math.max(0, until - systemClock.systemTime()), MAX_DELAY_MS);
        untilTimer = systemClock.after(ms, end, true);
      }
      const reading = inspector.read({
        topic,
        from,
        onRecord: ({ partition, offset, time, value }) => {
          if (signal.aborted || (until !== undefined && time > until)) return;
          // What has come since it began is not asked for.
          if (!follows && offset >= (ends.get(partition) ?? 0n)) return;
          const record = shownRecord(time, value);
          if (!isWanted(record, severity, pattern)) return;
          if (merge === undefined) show(record);
          else merge.add(partition, record);
        },
        onPosition: (partition, next, pause) => {
          void screen.drained?.then(pause());
          if (merge === undefined || signal.aborted) return;
          if (next >= (left.get(partition) ?? 0n)) merge.end(partition);
          for (const record of merge.taken()) show(record);
          if (merge.waiting(partition) > AHEAD) paused.set(partition, pause());
          for (const [other, resume] of paused) {
            if (merge.waiting(other) > AHEAD) continue;
            paused.delete(other);
            resume();
          }
          if (merge.isEnded) end();
        },
        onFailure: reject,
      });
      reading.catch(reject);
    });
    return 0;
  } finally {
    systemClock.cancel(untilTimer);
    await inspector.close();
  }
}

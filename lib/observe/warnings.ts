import type { EventEmitter } from 'node:events';
import type { HeldTopic } from '../accumulator/queues/held-queues.ts';
import { consoleLine } from '../client-log/console-line.ts';
import { KafkaTransportError, type KafkaTransportErrorCode, messageOf } from '../errors.ts';
import { evidenceOf, type Loop, remedyForLoop } from '../loop-detector/loop-detection.ts';
import type { DropReason } from '../record/record.ts';
import type { Clock } from '../time/clock.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { remedyFor } from './remedies.ts';
import type { CallerFunction } from './stats.ts';
import { emitSafely } from './tell-safely.ts';

// The least time between two warnings of one kind: what goes on is counted, not told again and again.
const QUIET_MS = 60_000;
// How many kinds are remembered.
const MAX_KINDS = 1_000;

const WHY_DROPPED: Record<DropReason, string> = {
  overflow:
    'the buffer is full: Kafka is away, or slower than the application logs. Raise buffer.maxRecords or buffer.maxBytes, or log less',
  oversize:
    'a record is larger than the broker, or the buffer, takes. Raise max.message.bytes of the topic, or log less in one record',
  rejected: 'the broker refuses them for good',
  expired: 'they are older than retry.maxAgeMs',
  closed: 'the transport was closed before Kafka had them',
  invalid: 'they have no usable topic or text',
};

/** Tells of what goes wrong, as `warn` events: each kind once, then counted. */
export class Warnings {
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  // Some kinds have a topic's name in them, and of topics there may be any number.
  readonly #lastTold = new BoundedMap<string, number>(MAX_KINDS);
  #isEndTold = false;
  /** The last failure of the spool since what is left was last given up. */
  #spoolFailure: { readonly cause: unknown } | undefined;
  /** Records that were given up at a close in this turn, and that no fallback has. */
  #closed = 0;
  /** What waits for `emitDeferred`. */
  #deferred: KafkaTransportError[] | undefined;
  readonly callbackFailures: Record<CallerFunction, number> = {
    topic: 0,
    key: 0,
    partition: 0,
    headers: 0,
    serialize: 0,
    filter: 0,
    format: 0,
    listener: 0,
    log: 0,
    fallback: 0,
  };

  constructor(emitter: EventEmitter, clock: Clock) {
    this.#emitter = emitter;
    this.#clock = clock;
  }

  /** Nothing gets through any more. Also one line on the console: the log may be what nobody can read now. @param topic whose records failed last */
  outage(cause: unknown, unreachable: boolean, topic?: string): void {
    if (!this.#isNews('outage')) return;
    const verb = unreachable ? 'reach' : 'deliver to';
    // What cannot be reached is no topic's fault.
    const where = unreachable || topic === undefined ? '' : ` (topic "${topic}")`;
    const whereToLook = unreachable
      ? 'Check the addresses of the brokers, the network and the credentials.'
      : undefined;
    const text = sentences(
      `winston-kafkajs cannot ${verb} Kafka: ${messageOf(cause)}${where}.`,
      'Records wait in memory, and are sent when it works again.',
      remedyFor(cause) ?? whereToLook,
    );
    consoleLine('warn', text);
    this.#warn(unreachable ? 'ERR_KAFKA_UNREACHABLE' : 'ERR_SEND_FAILED', text, cause);
  }

  /** What the application's `serialize` needs is not there. Also on the console, as an outage of Kafka. */
  serializerOutage(cause: unknown): void {
    if (!this.#isNews('serializer outage')) return;
    const text = `winston-kafkajs waits for what serialize needs: ${messageOf(cause)}. Records wait in memory, and serialize is asked again until it works. Check the schema registry, or whatever else it calls.`;
    consoleLine('warn', text);
    this.#warn('ERR_SERIALIZE_UNAVAILABLE', text, cause);
  }

  /** Records of a topic wait on disk, others are sent. */
  held({ topic, partition, cause }: HeldTopic): void {
    if (!this.#isNews(`held ${topic}`)) return;
    const where = partition === undefined ? `topic "${topic}"` : `partition ${partition} of topic "${topic}"`;
    const what = `winston-kafkajs cannot send to ${where}: ${messageOf(cause)}. Its records wait in the spool until it works again; those of others are sent.`;
    this.#warn('ERR_TOPIC_HELD', sentences(what, remedyFor(cause)), cause);
  }

  /** The process ends with records that Kafka has not got. On the console, because nobody listens any more. */
  lostAtExit(
    count: number,
    lastError: string | undefined,
    fallback: 'none' | 'written' | 'unwritten',
    isBySignal: boolean,
  ): void {
    this.#isEndTold = true;
    const why = lastError ?? 'there was no time to send them';
    const [lost, them] = count === 1 ? ['It is lost', 'it'] : ['They are lost', 'them'];
    // An exception that nobody handles sets it, too: at the `exit` event that looks like process.exit(1).
    const hasFailed = Number(process.exitCode ?? 0) !== 0;
    const noTime = isBySignal
      ? 'In a handler of the signal, stop the parts that log, then await transport.close().'
      : sentences(
          'Await transport.flush() before process.exit(), or raise closeTimeoutMs.',
          hasFailed
            ? 'After an uncaught exception there is time only with handleExceptions: true.'
            : undefined,
        );
    const withoutSpool = lastError === undefined ? noTime : `A spool or a fallback would keep ${them}.`;
    const spool = this.#spoolFailure;
    const advice = spool ? `The spool could not take ${them} (${messageOf(spool.cause)}).` : withoutSpool;
    const what = {
      none: `${lost}. ${advice}`,
      written: `The fallback has got ${them}.`,
      unwritten: `The fallback has got ${them}; what it has not written when the process ends is lost.`,
    }[fallback];
    consoleLine(
      'warn',
      `winston-kafkajs: the process ends before Kafka has got ${recordsOf(count)} (${why}). ${what}`,
    );
  }

  /** The broker takes no records as old as these: they are sent with other times. */
  retimed(topic: string, cause: unknown): void {
    if (!this.#isNews('retimed')) return;
    const what = `winston-kafkajs: topic "${topic}" refuses the timestamps of these records (${messageOf(cause)}). They are sent with the time of the send, and their own in the header "original-timestamp"; stats().retimed counts them.`;
    this.#warn('ERR_TIMESTAMP_REFUSED', sentences(what, remedyFor(cause)), cause);
  }

  /** Records will not reach Kafka. Also on the console, where no fallback has them: few people listen for `warn`. */
  dropped(reason: DropReason, topic: string, cause: unknown, hasFallback: boolean = false): void {
    if (reason === 'closed' && !hasFallback && this.#closed++ === 0) this.#printClosed();
    if (!this.#isNews(reason)) return;
    const because = cause === undefined ? '' : ` (topic "${topic}": ${messageOf(cause)})`;
    const what = `winston-kafkajs is dropping records: ${WHY_DROPPED[reason]}${because}.`;
    const text = sentences(what, remedyFor(cause), 'stats().dropped counts them.');
    if (!hasFallback && reason !== 'closed') consoleLine('warn', text);
    this.#warn('ERR_RECORDS_DROPPED', text, cause);
  }

  /**
   * Records were given up at a close. Where the process ends, that has a line of its own, which says more; it comes in this same turn. Once a
   * minute at most: another turn of the event loop brings the next `beforeExit`, in which an application may log again.
   */
  #printClosed(): void {
    if (!this.#isNews('closed on the console')) {
      this.#closed = 0;
      return;
    }
    this.#clock.soon(() => {
      const count = this.#closed;
      this.#closed = 0;
      if (this.#isEndTold) return;
      consoleLine('warn', `winston-kafkajs has dropped ${recordsOf(count)}: ${WHY_DROPPED.closed}.`);
    });
  }

  /** What is left is about to be given up, to the spool if there is one: failures before that do not matter any more. */
  onGiveUp(): void {
    this.#spoolFailure = undefined;
  }

  /** Nothing can be written to the spool, or read from it. */
  spoolFailed(cause: unknown): void {
    this.#spoolFailure = { cause };
    if (!this.#isNews('spool')) return;
    const what = `winston-kafkajs cannot use the spool: ${messageOf(cause)}. What memory cannot hold is dropped, and what is in memory is lost when the process dies. Check spool.directory, its disk and spool.maxBytes.`;
    this.#warn('ERR_SPOOL_FAILED', what, cause);
  }

  /** Not all that stands in the spool can be read. */
  spoolDamaged(count: number): void {
    if (!this.#isNews('spool damaged')) return;
    const what = `winston-kafkajs: the spool is damaged in ${count === 1 ? 'one place' : `${count} places`}. What is whole is sent, the rest is lost and counted as invalid. After a crash, an incomplete last record is normal; otherwise check the disk.`;
    this.#warn('ERR_SPOOL_DAMAGED', what, undefined);
  }

  /** Records go round in circles. Also on the console: the log is what goes round. */
  loop(loop: Loop): void {
    const { by, fingerprint } = loop;
    // By its hops each kind of record is stopped at once, and a loop may have any number of kinds: one of them is named.
    if (!this.#isNews(by === 'hops' ? 'loop by hops' : `loop ${fingerprint}`)) return;
    const what = `winston-kafkajs has found a log loop: ${evidenceOf(loop)}. Its records (${fingerprint}) go to the fallback and the logger's other transports, not to Kafka. ${remedyForLoop(loop)}`;
    consoleLine('warn', what);
    this.#warn('ERR_LOOP_FOUND', what, undefined);
  }

  /** A function of the caller's threw. @param consequence what became of the record */
  callbackFailed(name: CallerFunction, error: unknown, consequence: string): void {
    this.callbackFailures[name]++;
    if (!this.#isNews(`${name} threw`)) return;
    const what = `winston-kafkajs: the ${name} function threw (${messageOf(error)}); ${consequence}.`;
    // The last place that a record could go to: whoever operates this should see it without a listener.
    if (name === 'fallback') consoleLine('warn', what);
    this.#warn(name === 'fallback' ? 'ERR_FALLBACK_FAILED' : 'ERR_CALLBACK_FAILED', what, error);
  }

  /** A `log()` that wraps the transport's own threw, called back with an error, or its promise was rejected. */
  wrappedLogFailed(error: unknown, consequence: string): void {
    this.callbackFailures.log++;
    if (!this.#isNews(`log: ${consequence}`)) return;
    const what = `winston-kafkajs: a log() around the transport's own failed (${messageOf(error)}); ${consequence}.`;
    this.#warn('ERR_CALLBACK_FAILED', what, error);
  }

  /** A function of the caller's returned something that it must not. */
  invalidReturn(name: CallerFunction, expected: string, given: unknown, consequence: string): void {
    this.callbackFailures[name]++;
    if (!this.#isNews(`${name} invalid`)) return;
    const what = `winston-kafkajs: the ${name} function must return ${expected}, but returned ${shown(name, given)}; ${consequence}.`;
    this.#warn('ERR_CALLBACK_FAILED', what, undefined);
  }

  /** The transport and a logger do not fit together. Also on the console: what is silenced may be the only log. */
  mismatch(what: string): void {
    const text = `winston-kafkajs: ${what}`;
    consoleLine('warn', text);
    this.#warn('ERR_MISMATCH', text, undefined);
  }

  /** A listener threw. Not told as an event: the one that threw may be the one that listens for those. */
  listenerFailed(error: unknown): void {
    this.callbackFailures.listener++;
    if (!this.#isNews('listener')) return;
    const what = `winston-kafkajs: a listener threw (${messageOf(error)}); the next ones are only counted.`;
    consoleLine('warn', what);
  }

  /** From now on no listener is called before `emitDeferred`. */
  defer(): void {
    this.#deferred ??= [];
  }

  emitDeferred(): void {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    for (const error of deferred) this.#emit(error);
  }

  #warn(code: KafkaTransportErrorCode, message: string, cause: unknown): void {
    const error = new KafkaTransportError(code, message, { cause });
    if (this.#deferred === undefined) this.#emit(error);
    else this.#deferred.push(error);
  }

  #emit(error: KafkaTransportError): void {
    emitSafely(this.#emitter, 'warn', error, (failure) => this.listenerFailed(failure));
  }

  #isNews(kind: string): boolean {
    const now = this.#clock.monotonic();
    const last = this.#lastTold.get(kind);
    if (last !== undefined && now - last < QUIET_MS) return false;
    this.#lastTold.set(kind, now);
    return true;
  }
}

function sentences(...those: readonly (string | undefined)[]): string {
  return those.filter((sentence) => sentence !== undefined).join(' ');
}

/** The name of a topic is no secret; a key or a header may be one. */
function shown(name: CallerFunction, value: unknown): string {
  return name === 'topic' && typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeOf(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

function recordsOf(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}

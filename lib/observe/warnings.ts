import type { EventEmitter } from 'node:events';
import type { HeldTopic } from '../accumulator/queues/held-queues.ts';
import { consoleLine } from '../client-log/console-line.ts';
import { messageOf } from '../errors.ts';
import { evidenceOf, type Loop, remedyForLoop } from '../loop-detector/loop-detection.ts';
import type { DropReason } from '../record/record.ts';
import type { Clock } from '../time/clock.ts';
import { remedyFor } from './remedies.ts';
import type { CallerFunction } from './stats.ts';
import { WarningEvents } from './warning-events.ts';

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

/** Words the warnings: what goes wrong, as `warn` events, and the worst of it on the console too. */
export class Warnings {
  readonly #clock: Clock;
  readonly #events: WarningEvents;
  #isEndTold = false;
  /** The last failure of the spool since `onGiveUp`. */
  #spoolFailure: { readonly cause: unknown } | undefined;
  /** How many records were given up at a close in this turn, and no fallback has them. */
  #closed = 0;
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
    this.#clock = clock;
    this.#events = new WarningEvents(emitter, clock, (error) => this.listenerFailed(error));
  }

  /** No record gets through. Also one line on the console, because the log in Kafka is what fails. @param topic the topic of the last failed send */
  outage(cause: unknown, unreachable: boolean, topic?: string): void {
    if (!this.#events.begin('outage')) return;
    const verb = unreachable ? 'reach' : 'deliver to';
    // Brokers that cannot be reached have nothing to do with one topic.
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
    this.#events.warn(unreachable ? 'ERR_KAFKA_UNREACHABLE' : 'ERR_SEND_FAILED', text, cause);
  }

  /** A service that the application's `serialize` needs is not available. Also on the console, like an outage of Kafka. */
  serializerOutage(cause: unknown): void {
    if (!this.#events.begin('serializer outage')) return;
    const text = `winston-kafkajs waits for what serialize needs: ${messageOf(cause)}. Records wait in memory, and serialize is asked again until it works. Check the schema registry, or whatever else it calls.`;
    consoleLine('warn', text);
    this.#events.warn('ERR_SERIALIZE_UNAVAILABLE', text, cause);
  }

  /** The records of one topic wait on disk, those of others are sent. */
  held({ topic, partition, cause }: HeldTopic): void {
    if (!this.#events.begin(`held ${topic}`)) return;
    const where = partition === undefined ? `topic "${topic}"` : `partition ${partition} of topic "${topic}"`;
    const what = `winston-kafkajs cannot send to ${where}: ${messageOf(cause)}. Its records wait in the spool until it works again; those of others are sent.`;
    this.#events.warn('ERR_TOPIC_HELD', sentences(what, remedyFor(cause)), cause);
  }

  /** The process ends with records that Kafka has not got. Only on the console, because no listener can act any more. */
  lostAtExit(
    count: number,
    lastError: string | undefined,
    fallback: 'none' | 'written' | 'unwritten',
    isBySignal: boolean,
    hasSpool: boolean,
  ): void {
    this.#isEndTold = true;
    const why = lastError ?? 'there was no time to send them';
    const [lost, them] = count === 1 ? ['It is lost', 'it'] : ['They are lost', 'them'];
    // An uncaught exception sets the exit code too: at the `exit` event it looks like process.exit(1).
    const hasFailed = Number(process.exitCode ?? 0) !== 0;
    const noTime = isBySignal
      ? 'In a handler of the signal, stop the parts that log, then await transport.close().'
      : sentences(
          'Await transport.flush() before process.exit(), or raise closeTimeoutMs.',
          hasFailed
            ? 'After an uncaught exception there is time only with handleExceptions: true.'
            : undefined,
        );
    const keeper = hasSpool
      ? `A fallback would keep ${them}: the spool takes no record that waits for serialize.`
      : `A spool or a fallback would keep ${them}.`;
    const spool = this.#spoolFailure;
    const advice = spool
      ? `The spool could not take ${them} (${messageOf(spool.cause)}).`
      : (lastError && keeper) || noTime;
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

  /** The broker refuses the timestamps of old records: they are sent with the time of the send. */
  retimed(topic: string, cause: unknown): void {
    if (!this.#events.begin('retimed')) return;
    const what = `winston-kafkajs: topic "${topic}" refuses the timestamps of these records (${messageOf(cause)}). They are sent with the time of the send, and their own in the header "original-timestamp"; stats().retimed counts them.`;
    this.#events.warn('ERR_TIMESTAMP_REFUSED', sentences(what, remedyFor(cause)), cause);
  }

  /** Records will not reach Kafka. Also on the console if no fallback has them, because few applications listen for `warn`. */
  dropped(reason: DropReason, topic: string, cause: unknown, hasFallback: boolean = false): void {
    if (reason === 'closed' && !hasFallback && this.#closed++ === 0) this.#printClosed();
    if (!this.#events.begin(reason)) return;
    const because = cause === undefined ? '' : ` (topic "${topic}": ${messageOf(cause)})`;
    const what = `winston-kafkajs is dropping records: ${WHY_DROPPED[reason]}${because}.`;
    const text = sentences(what, remedyFor(cause), 'stats().dropped counts them.');
    if (!hasFallback && reason !== 'closed') consoleLine('warn', text);
    this.#events.warn('ERR_RECORDS_DROPPED', text, cause);
  }

  /**
   * Records were given up at a close. Prints nothing if the process ends in the same turn, because `lostAtExit` says more. At most once a
   * minute: the wait for another turn causes the next `beforeExit`, in which an application may log again.
   */
  #printClosed(): void {
    if (!this.#events.begin('closed on the console')) {
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

  /** Called before the remaining records are given up, to the spool if there is one: earlier failures of the spool do not count. */
  onGiveUp(): void {
    this.#spoolFailure = undefined;
  }

  /** The spool cannot be written or read. */
  spoolFailed(cause: unknown): void {
    this.#spoolFailure = { cause };
    if (!this.#events.begin('spool')) return;
    const what = `winston-kafkajs cannot use the spool: ${messageOf(cause)}. What memory cannot hold is dropped, and what is in memory is lost when the process dies. Check spool.directory, its disk and spool.maxBytes.`;
    this.#events.warn('ERR_SPOOL_FAILED', what, cause);
  }

  /** Some of the spool's records cannot be read. */
  spoolDamaged(count: number): void {
    if (!this.#events.begin('spool damaged')) return;
    const what = `winston-kafkajs: the spool is damaged in ${count === 1 ? 'one place' : `${count} places`}. What is whole is sent, the rest is lost and counted as invalid. After a crash, an incomplete last record is normal; otherwise check the disk.`;
    this.#events.warn('ERR_SPOOL_DAMAGED', what, undefined);
  }

  /** A log loop was found. Also on the console, because a `warn` listener may log into the loop. */
  loop(loop: Loop): void {
    const { by, fingerprint } = loop;
    // A loop that is found by hops may have any number of kinds of records: the warning names only the first.
    if (!this.#events.begin(by === 'hops' ? 'loop by hops' : `loop ${fingerprint}`)) return;
    const what = `winston-kafkajs has found a log loop: ${evidenceOf(loop)}. Its records (${fingerprint}) go to the fallback and the logger's other transports, not to Kafka. ${remedyForLoop(loop)}`;
    consoleLine('warn', what);
    this.#events.warn('ERR_LOOP_FOUND', what, undefined);
  }

  /** A function of the application threw. @param consequence what became of the record */
  callbackFailed(name: CallerFunction, error: unknown, consequence: string): void {
    this.callbackFailures[name]++;
    if (!this.#events.begin(`${name} threw`)) return;
    const what = `winston-kafkajs: the ${name} function threw (${messageOf(error)}); ${consequence}.`;
    // Also on the console, because a record that the fallback loses is lost for good.
    if (name === 'fallback') consoleLine('warn', what);
    this.#events.warn(name === 'fallback' ? 'ERR_FALLBACK_FAILED' : 'ERR_CALLBACK_FAILED', what, error);
  }

  /** A `log()` that wraps the transport's own threw, called back with an error, or its promise was rejected. */
  wrappedLogFailed(error: unknown, consequence: string): void {
    this.callbackFailures.log++;
    if (!this.#events.begin(`log: ${consequence}`)) return;
    const what = `winston-kafkajs: a log() around the transport's own failed (${messageOf(error)}); ${consequence}.`;
    this.#events.warn('ERR_CALLBACK_FAILED', what, error);
  }

  /** A function of the application returned a wrong type. */
  invalidReturn(name: CallerFunction, expected: string, given: unknown, consequence: string): void {
    this.callbackFailures[name]++;
    if (!this.#events.begin(`${name} invalid`)) return;
    const what = `winston-kafkajs: the ${name} function must return ${expected}, but returned ${shown(name, given)}; ${consequence}.`;
    this.#events.warn('ERR_CALLBACK_FAILED', what, undefined);
  }

  /** The levels of the transport and a logger do not match. Also on the console, because the silenced log may be the only one. */
  mismatch(what: string): void {
    const text = `winston-kafkajs: ${what}`;
    consoleLine('warn', text);
    this.#events.warn('ERR_MISMATCH', text, undefined);
  }

  /** A listener threw. Only on the console, because it may be the `warn` listener. */
  listenerFailed(error: unknown): void {
    this.callbackFailures.listener++;
    if (!this.#events.begin('listener')) return;
    const what = `winston-kafkajs: a listener threw (${messageOf(error)}); the next ones are only counted.`;
    consoleLine('warn', what);
  }

  /** From now on no listener is called before `emitDeferred`. */
  defer(): void {
    this.#events.defer();
  }

  /** Runs `fn`, and calls listeners afterwards. */
  deferWhile<Result>(fn: () => Result): Result {
    return this.#events.deferWhile(fn);
  }

  emitDeferred(): void {
    this.#events.emitDeferred();
  }
}

function sentences(...texts: readonly (string | undefined)[]): string {
  return texts.filter((sentence) => sentence !== undefined).join(' ');
}

/** Shows a returned topic name, but only the type of other values: a key or a header may be secret. */
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

import type { logCreator } from 'kafkajs';
import { guardSync } from '../loop-safety/guard.ts';
import { systemTime } from '../time/system-timers.ts';
import { group, hasMethods, oneOf, throwInvalidOption } from '../util/check-option.ts';
import { handleRejection } from '../util/thenable.ts';
import { CLIENT_LOG_LEVELS, type ClientLogLevel, passes } from './levels.ts';
import { type ClientLine, formatLine, headline, levelOf, readEntry, takesNoMore } from './line.ts';
import { type Print, RepeatedLines, withoutIds } from './repeated-lines.ts';
import { stderrLines } from './stderr.ts';

/**
 * A logger that gets the lines instead of stderr: `console`, a winston logger with npm's levels, or any object with
 * these four methods. `meta` is a flat object of strings, numbers and booleans; it is absent if it would be empty.
 */
export interface ClientLogger {
  error(message: string, meta?: object): unknown;
  warn(message: string, meta?: object): unknown;
  info(message: string, meta?: object): unknown;
  debug(message: string, meta?: object): unknown;
}

/** Where a Kafka client's own log lines go. */
export interface ClientLogOptions {
  /**
   * The least severe level that is let through; `'nothing'` lets nothing through. It only narrows what the
   * client itself logs (`logLevel` of kafkajs, `INFO` by default), and neither the client's `setLogLevel` nor
   * the variable `KAFKAJS_LOG_LEVEL` can widen it.
   *
   * @default 'warn'
   */
  level?: ClientLogLevel;
  /**
   * Gets the lines instead of stderr. It is called under the guard, so what it logs before it returns never goes
   * to Kafka through a `KafkaTransport`, even if it is the application's own logger. (What it logs after an `await`
   * is not covered: wrap that in `runGuarded`.) If a call throws, its line is printed to stderr instead.
   *
   * @default stderr, even if the application captures `console` and `process.stderr`
   */
  logger?: ClientLogger;
}

/** Seams for the specs. */
export interface SinkParts {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Prints one line, without its end, to the console. */
  print: (line: string) => void;
}

const PARTS: SinkParts = { now: systemTime, print: (line) => stderrLines.print(line) };

/**
 * Makes a kafkajs `logCreator` whose lines reach the console and nothing else: for a Kafka client that ships log
 * records, which must not become records themselves.
 *
 * A line that repeats is printed once, then counted; the count is printed when the line comes again after a
 * minute, or is pushed out by newer lines. Fields whose names suggest a secret are left out. A line neither throws into
 * the client nor makes it wait: kafkajs aborts `connect` and `send` when its log function throws.
 *
 * @throws KafkaTransportError when `level` is not one of the names or `logger` lacks one of the four methods.
 *
 * @example
 * const kafka = new Kafka({ brokers, logCreator: consoleOnlyLogCreator({ level: 'error' }) });
 */
export function consoleOnlyLogCreator(options: ClientLogOptions = {}): logCreator {
  return sinkLogCreator(checkedClientLog('consoleOnlyLogCreator', options) ?? {}, PARTS);
}

/** `consoleOnlyLogCreator` with its clock and its console given. */
export function sinkLogCreator({ level = 'warn', logger }: ClientLogOptions, parts: SinkParts): logCreator {
  // Outside the creator: a client that is replaced calls it anew, and its first lines are the old one's again.
  const sink = new Sink(level, logger, parts);
  return () => (entry) => sink.take(entry);
}

export const CLIENT_LOG_OPTIONS = ['level', 'logger'] as const;

/** The options, if they are in order. @param path of the option they are, for the error */
export function checkedClientLog(path: string, options: unknown): ClientLogOptions | undefined {
  const { level, logger } = group(path, options, CLIENT_LOG_OPTIONS);
  oneOf(`${path}.level`, level, CLIENT_LOG_LEVELS, 'warn');
  if (logger !== undefined && !hasMethods(logger, 'error', 'warn', 'info', 'debug')) {
    throwInvalidOption(`${path}.logger`, 'an object with error, warn, info and debug', logger);
  }
  return options as ClientLogOptions | undefined;
}

class Sink {
  readonly #level: ClientLogLevel;
  readonly #logger: ClientLogger | undefined;
  readonly #parts: SinkParts;
  readonly #repeated: RepeatedLines<ClientLine>;
  #calling = false;

  constructor(level: ClientLogLevel, logger: ClientLogger | undefined, parts: SinkParts) {
    this.#level = level;
    this.#logger = logger;
    this.#parts = parts;
    this.#repeated = new RepeatedLines((print) => this.#put(print), parts.now);
  }

  take(entry: unknown): void {
    try {
      if (!passes(levelOf(entry), this.#level)) return;
      const line = readEntry(entry, this.#level === 'debug');
      const { level, namespace, message, extras } = line;
      this.#repeated.add([level, namespace, extras.broker, withoutIds(message)].join('\0'), line);
    } catch {
      // kafkajs calls this in the middle of connect and send, and lets what it throws through.
    }
  }

  #put(print: Print<ClientLine>): void {
    const { line } = print;
    const suffix = suffixOf(print);
    const text = headline(line);
    if (!this.#call(line, `${text}${suffix}`)) {
      this.#parts.print(formatLine(this.#parts.now(), line.level, text, line.extras, suffix));
    }
  }

  /** Whether the caller's logger took the line. */
  #call({ level, extras }: ClientLine, text: string): boolean {
    // A logger that itself makes the client log would be called for ever: its lines go to stderr.
    if (this.#logger === undefined || this.#calling || takesNoMore(this.#logger)) return false;
    this.#calling = true;
    try {
      const logger = this.#logger;
      const meta = Object.keys(extras).length === 0 ? [] : [extras];
      guardSync(() => {
        const result = logger[level](text, ...meta);
        handleRejection(result);
      });
      return true;
    } catch {
      return false;
    } finally {
      this.#calling = false;
    }
  }
}

function suffixOf({ repeated, leftOut, overMs }: Print<ClientLine>): string {
  const seconds = Math.round(overMs / 1_000);
  if (repeated > 0) return ` (repeated ${times(repeated)} in the last ${seconds} s)`;
  if (leftOut > 0) return ` (the last of ${leftOut} other lines left out in the last ${seconds} s)`;
  return '';
}

function times(count: number): string {
  return count === 1 ? '1 time' : `${count} times`;
}

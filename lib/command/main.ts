import { onOneLine } from '../client-log/line.ts';
import { messageOf } from '../errors.ts';
import { check } from './check/check.ts';
import { type CommandLine, commandLine, isCommand, meant, milliseconds, needed } from './command-line.ts';
import { kafkaConfig } from './kafka-config.ts';
import { LEVELS, severityOf } from './record-line.ts';
import { replay } from './replay.ts';
import { type Output, Screen } from './screen.ts';
import { listSpool, printSpool, spooled } from './spool.ts';
import { tail } from './tail.ts';
import { timeOf } from './times.ts';
import { USAGE } from './usage.ts';
import { UsageError } from './usage-error.ts';

/** What a command has to do with outside: the process, or what a spec puts in its place. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** This machine's time, in epoch milliseconds. */
  now(): number;
}

const CHECK_MS = 5_000;
const REPLAY_MS = 30_000;

/** Runs a command. @returns the exit code: 0 done, 1 something failed, 2 wrong usage */
export async function main(args: readonly string[], around: Surroundings): Promise<number> {
  const { stdout, stderr, env, version } = around;
  const [command, ...rest] = args;
  try {
    if (command === '--version') {
      stdout.write(`${version}\n`);
      return 0;
    }
    if (command === '--help' || command === 'help') {
      stdout.write(USAGE.main);
      return 0;
    }
    if (!isCommand(command)) {
      const what =
        command === undefined
          ? 'No command.'
          : `There is no command ${command}.${meant(command, Object.keys(COMMANDS))}`;
      throw new UsageError(`${what}\n\n${USAGE.main}`);
    }
    const line = commandLine(command, rest);
    if (line.flags.help) {
      stdout.write(USAGE[command]);
      return 0;
    }
    return await COMMANDS[command](line, new Screen(stdout, env), around);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    // A text of several lines is the usage, as it is.
    stderr.write(`winston-kafkajs: ${isUsage ? error.message : onOneLine(messageOf(error))}\n`);
    if (isUsage && isCommand(command)) stderr.write(`See winston-kafkajs ${command} --help.\n`);
    return isUsage ? 2 : 1;
  }
}

type Command = (line: CommandLine, screen: Screen, around: Surroundings) => Promise<number>;

const COMMANDS: Readonly<Record<'check' | 'tail' | 'spool', Command>> = {
  check: async (line, screen, { env, now, signal }) => {
    const topic = needed(line, 'topic');
    const { json: isJson, 'no-record': isReadOnly } = line.flags;
    const timeoutMs = milliseconds(line, 'timeout', CHECK_MS);
    const kafka = await kafkaConfig(line, env);
    return check({ kafka, topic, isJson, writes: !isReadOnly, timeoutMs, signal, now }, screen);
  },
  tail: async (line, screen, { env, now, signal }) => {
    const topic = needed(line, 'topic');
    const { level, grep, since: sinceText, until: untilText } = line.texts;
    const severity = severityOf(level);
    if (level !== undefined && severity === undefined)
      throw new UsageError(`--level must be one of ${LEVELS.join(', ')}.`);
    const since = sinceText === undefined ? undefined : timeOf('--since', sinceText, now());
    const until = untilText === undefined ? undefined : timeOf('--until', untilText, now());
    const isOver = until !== undefined && until <= now();
    if (since === undefined && isOver)
      throw new UsageError(
        '--until in the past needs --since: without it, only records yet to come are shown.',
      );
    const pattern = grep === undefined ? undefined : patternOf(grep);
    const kafka = await kafkaConfig(line, env);
    const follows = !isOver && (line.flags.follow === true || since === undefined);
    return tail({ kafka, topic, severity, pattern, since, until, follows, signal }, screen);
  },
  spool: async (line, screen, { env, signal, stderr }) => {
    const [directory, ...others] = line.positionals;
    if (directory === undefined || others.length > 0) throw new UsageError('Give one directory.');
    const { print, json, replay: isReplay } = line.flags;
    if (isReplay && (print || json)) throw new UsageError('--replay goes without --print and --json.');
    const timeoutMs = milliseconds(line, 'timeout', REPLAY_MS);
    let code = 0;
    const segments = spooled(directory, signal, (error) => {
      stderr.write(`winston-kafkajs: ${onOneLine(messageOf(error))}\n`);
      code = 1;
    });
    if (!isReplay)
      return (await (print ? printSpool(segments, screen) : listSpool(segments, json, screen))) || code;
    const kafka = await kafkaConfig(line, env);
    return (await replay({ directory, segments, kafka, signal, timeoutMs }, screen)) || code;
  },
};

function patternOf(grep: string): RegExp {
  try {
    return new RegExp(grep);
  } catch (error) {
    throw new UsageError(`--grep must be a regular expression: ${messageOf(error)}`);
  }
}

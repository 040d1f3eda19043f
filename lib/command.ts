import { main } from './command/main.ts';
import { systemClock } from './time/clock.ts';

/** The program `winston-kafkajs`. Ctrl-C ends what is under way; a second one ends the process. */
export async function runCommand(version: string): Promise<void> {
  const { stdout, stderr, env, argv } = process;
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // `| head` has seen enough.
    if (code === 'EPIPE') process.exit(0);
    stderr.write(`winston-kafkajs: the output cannot be written: ${message}\n`);
    process.exit(1);
  });
  const now = systemClock.systemTime;
  process.exitCode = await main(argv.slice(2), {
    stdout,
    stderr,
    env,
    version,
    signal: controller.signal,
    now,
  });
}

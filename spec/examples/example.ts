// An example, run by the commands that its README gives.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import { environmentOfAUser } from '../support/environment.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export const SUCCESS: Exit = { code: 0, signal: null };

export const folderOf = (example: string): string => join(inject('examples'), example);

/** The lines of the first block for a shell. */
export function commandsOf(readme: string): string[] {
  const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(readme) ?? [];
  return block.trim().split('\n');
}

/** Runs what comes before the last command to its end, and starts that one. */
export async function start(example: string, env: Environment): Promise<Program> {
  const last = await build(example);
  return Program.start(last, folderOf(example), env);
}

/** Runs all commands but the last. @returns the last */
export async function build(example: string): Promise<string> {
  const commands = commandsOf(readFileSync(join(folderOf(example), 'README.md'), 'utf8'));
  const last = commands.pop() ?? '';
  for (const command of commands) {
    const program = Program.start(command, folderOf(example), {});
    expect(await program.exit, program.output).toEqual(SUCCESS);
  }
  return last;
}

/** Runs an example to its end. */
export async function runExample(example: string, env: Environment): Promise<Program> {
  const program = await start(example, env);
  await program.exit;
  return program;
}

/** A process, killed with the spec if it still runs. */
export class Program {
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.exit = this.#untilClosed();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#changes.emit('change');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  static start(command: string, cwd: string, env: Environment): Program {
    // `exec`, so that a signal reaches the program and not the shell. It takes no assignment before the command.
    const [, assignments = '', rest = ''] = /^((?:[A-Z_]+=\S* )*)(.*)$/.exec(command) ?? [];
    const child = spawn('sh', ['-c', `${assignments === '' ? '' : `export ${assignments};`} exec ${rest}`], {
      cwd,
      env: { ...environmentOfAUser(), KAFKA_BROKERS: undefined, PORT: '0', ...env },
    });
    const program = new Program(child);
    onTestFinished(async () => {
      program.#child.kill('SIGKILL');
      await program.exit;
    });
    return program;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get output(): string {
    return `${this.#stdout}\n${this.#stderr}`;
  }

  /** The matches in stdout, as soon as there are so many. */
  async printed(pattern: RegExp, count = 1): Promise<RegExpExecArray[]> {
    for (;;) {
      const found = [...this.#stdout.matchAll(pattern)];
      if (found.length >= count) return found;
      if (this.#hasEnded) throw new Error(`It ended without ${count} times ${pattern}:\n${this.output}`);
      await once(this.#changes, 'change');
    }
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends its stdin. */
  end(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #untilClosed(): Promise<Exit> {
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#hasEnded = true;
    this.#changes.emit('change');
    return { code, signal };
  }
}

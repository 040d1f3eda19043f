import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

export const FIXTURES: string = fileURLToPath(new URL('fixtures', import.meta.url));

const VERSIONS = { winston: '3.19.0', kafkajs: '2.2.4' };

export interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
}

export function run(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: RunOptions,
): Promise<{ stdout: string; stderr: string }> {
  const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
  return execute(command, [...args], options);
}

/** A project of somebody who has installed what is packed, beside winston and kafkajs. */
export class Consumer {
  readonly directory: string;
  /** What the package holds. */
  readonly files: readonly string[];
  /** What the package manager had to say. */
  readonly output: string;

  private constructor(directory: string, files: readonly string[], output: string) {
    this.directory = directory;
    this.files = files;
    this.output = output;
  }

  /** @param others packages that are installed beside them */
  static async make(...others: string[]): Promise<Consumer> {
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-consumer-'));
    // `npm run test:package` has built it.
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
    const packed = JSON.parse((await run('npm', pack, { cwd: ROOT })).stdout)[0];
    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const { winston, kafkajs } = VERSIONS;
    const wanted = [`./${packed.filename}`, `winston@${winston}`, `kafkajs@${kafkajs}`, ...others];
    const { stdout, stderr } = await run('npm', ['install', ...wanted], { cwd: directory });
    const files = (packed.files as { path: string }[]).map(({ path }) => path);
    return new Consumer(directory, files, stdout + stderr);
  }

  run(command: string, args: readonly string[], env: Record<string, string> = {}): ReturnType<typeof run> {
    return run(command, args, { cwd: this.directory, env });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

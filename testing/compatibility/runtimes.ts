// The runtimes, from the npm registry.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../spec/package/consumer.ts';

export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** Why it cannot be run. */
  readonly missing?: string;
  readonly program: string;
  /** What stands before a program, and before a file of tests of `node:test`. */
  readonly flags: readonly string[];
  readonly testFlags: readonly string[];
}

const PACKAGES = [
  ...['20', '22', '24', '26'].map((version) => ({
    name: 'Node',
    wanted: `node@${version}`,
    program: 'node',
    // kafkajs on Node 24: tulios/kafkajs#1751.
    flags: ['--disable-warning=TimeoutNegativeWarning'],
    testFlags: ['--test'],
  })),
  { name: 'Bun', wanted: 'bun@1', program: 'bun', flags: ['run'], testFlags: ['test'] },
  { name: 'Deno', wanted: 'deno@2', program: 'deno', flags: ['run', '-A'], testFlags: ['test', '-A'] },
];

/** Installs each in a directory of its own, below the one that is given. */
export async function installRuntimes(directory: string): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const { name, wanted, program, flags, testFlags } of PACKAGES) {
    const cwd = join(directory, wanted.replace('@', '-'));
    mkdirSync(cwd);
    // Their installation fetches nothing; it puts the program of this platform in its place.
    const allowScripts = { node: true, bun: true, deno: true };
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, allowScripts }));
    const file = join(cwd, 'node_modules/.bin', program);
    try {
      await run('npm', ['install', '--no-audit', '--no-fund', wanted], { cwd });
      const { stdout } = await run(file, ['--version'], { cwd });
      const [version = ''] = /\d+\.\d+\.\d+/.exec(stdout) ?? [];
      runtimes.push({ name: `${name} ${version}`, version, program: file, flags, testFlags });
    } catch (error) {
      const missing = `it could not be installed: ${String(error).split('\n')[0]}`;
      runtimes.push({
        name: `${name} ${wanted.split('@')[1]}`,
        version: '',
        missing,
        program: file,
        flags,
        testFlags,
      });
    }
  }
  return runtimes;
}

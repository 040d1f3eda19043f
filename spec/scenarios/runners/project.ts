// A project as a user has one: the package in its `node_modules`, in both module formats, and test files beside it.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { builtProgram } from '../../support/bundles.ts';
import { environmentOfAUser } from '../../support/environment.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FIXTURES = fileURLToPath(new URL('./fixtures', import.meta.url));

/** How long a run may take, and each test in it: generous, because runners start slowly on a machine that is busy. */
export const RUN_LIMIT_MS = 150_000;
const TEST_LIMIT_MS = 60_000;

export interface Run {
  readonly code: number | null;
  /** Both streams, in the order of their arrival as far as it can be told. */
  readonly output: string;
}

export class Project {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @param broker takes the place of the recipes' `localhost:9092` */
  static async make(broker: string): Promise<Project> {
    const bundles = process.env.SPEC_BUNDLES ?? join(ROOT, 'spec/.bundles-by-hand');
    mkdirSync(bundles, { recursive: true });
    // In there, so that the other packages are found.
    const project = new Project(mkdtempSync(join(bundles, 'project-')));
    await project.#install();
    for (const kind of ['recipes', 'checks']) {
      const from = join(FIXTURES, kind);
      const to = join(project.directory, kind);
      cpSync(from, to, { recursive: true });
      for (const file of readdirSync(to)) {
        const path = join(to, file);
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll('localhost:9092', broker));
      }
    }
    project.#write('package.json', '{ "name": "shop", "private": true }');
    return project;
  }

  async #install(): Promise<void> {
    const installed = join(this.directory, 'node_modules/winston-kafkajs');
    for (const [format, outfile] of [
      ['cjs', 'index.cjs'],
      ['esm', 'index.mjs'],
    ] as const) {
      await build({
        entryPoints: [join(ROOT, 'lib/index.ts')],
        outfile: join(installed, outfile),
        format,
        bundle: true,
        platform: 'node',
        packages: 'external',
        plugins: [builtProgram],
        logLevel: 'error',
      });
    }
    const exports = { '.': { import: './index.mjs', require: './index.cjs' } };
    writeFileSync(
      join(installed, 'package.json'),
      JSON.stringify({ name: 'winston-kafkajs', version: '0.0.0', main: './index.cjs', exports }),
    );
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** Runs a Node program in the project, with what it prints, to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    return new Promise((resolve) => {
      let output = '';
      const child = execFile(
        process.execPath,
        [...args],
        {
          cwd: this.directory,
          env: { ...environmentOfAUser(), ...env },
          timeout: RUN_LIMIT_MS - 10_000,
          killSignal: 'SIGKILL',
        },
        (error) =>
          resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, output }),
      );
      const take = (text: string): void => {
        output += text;
      };
      child.stdout?.on('data', take);
      child.stderr?.on('data', take);
    });
  }

  /** Runs Jest over the test files that match. */
  jest(
    match: readonly string[],
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Run> {
    this.#write(
      'jest.config.json',
      JSON.stringify({ testMatch: ['<rootDir>/**/*.test.js'], transform: {}, watchman: false }),
    );
    const bin = join(ROOT, 'node_modules/jest/bin/jest.js');
    return this.run(
      [bin, '--runInBand', '--ci', `--testTimeout=${TEST_LIMIT_MS}`, ...args, '--testPathPatterns', ...match],
      env,
    );
  }

  /** Runs vitest over the test files that match. */
  vitest(match: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    this.#write(
      'vitest.config.mjs',
      `export default { test: { include: ['**/*.vitest.mjs', '**/vitest-*.test.mjs'], testTimeout: ${TEST_LIMIT_MS} } };`,
    );
    return this.run(
      [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', this.directory, ...match],
      env,
    );
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// What is run on each runtime, and whether all records have arrived.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLERS } from '../../spec/package/bundlers.ts';
import type { Consumer } from '../../spec/package/consumer.ts';
import type { BrokerCluster } from '../broker/broker-cluster.ts';
import type { Runtime } from './runtimes.ts';

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const LIMIT_MS = 90_000;

/** What the packages of the last rows are called. */
export const PACKAGES = ['jest', 'vitest', 'express', 'fastify', '@nestjs/common', '@nestjs/core'];
export const MORE_PACKAGES = ['@nestjs/platform-express', 'reflect-metadata', 'rxjs'];

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly args: (runtime: Runtime) => readonly string[];
}

export const NAMES: readonly string[] = [
  ...['ES modules', 'CommonJS'],
  ...Object.keys(BUNDLERS),
  ...['Jest', 'vitest', 'node:test', 'Express', 'Fastify', 'NestJS'],
];

/** Where the application is, for the runs below. */
export function copyFixtures({ directory }: Consumer): string {
  const source = join(directory, 'src');
  cpSync(FIXTURES, source, { recursive: true });
  return source;
}

function row(group: string, name: string, ...args: readonly string[]): Row {
  return { group, name, args: ({ flags }) => [...flags, ...args] };
}

export function modules(source: string): Row[] {
  return [
    row('module format', 'ES modules', join(source, 'app.mjs')),
    row('module format', 'CommonJS', join(source, 'app.cjs')),
  ];
}

/** @param to a directory from which no package is found */
export async function bundles(source: string, to: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    const directory = join(to, name.replaceAll(/\W+/g, '-'));
    mkdirSync(directory, { recursive: true });
    const job = { esm: join(source, 'app.mjs'), cjs: join(source, 'app.cjs'), external: [], to: directory };
    rows.push(row('bundler', name, (await bundle(job)).file));
  }
  return rows;
}

export function runners({ directory }: Consumer, source: string): Row[] {
  const jest = join(directory, 'node_modules/jest/bin/jest.js');
  const vitest = join(directory, 'node_modules/vitest/vitest.mjs');
  return [
    row('test runner', 'Jest', jest, 'src/jest/app.test.js'),
    row('test runner', 'vitest', vitest, 'run', 'src/vitest'),
    {
      group: 'test runner',
      name: 'node:test',
      args: ({ testFlags }) => [...testFlags, join(source, 'node-test/app.test.mjs')],
    },
  ];
}

export function frameworks(source: string): Row[] {
  const of = (name: string, file: string): Row => row('framework', name, join(source, file));
  return [of('Express', 'express.mjs'), of('Fastify', 'fastify.mjs'), of('NestJS', 'nest.mjs')];
}

/** @returns why the cell is not green; `undefined` where it is */
export async function failureOf(
  { args }: Row,
  runtime: Runtime,
  { cwd, topic, cluster }: { cwd: string; topic: string; cluster: BrokerCluster },
): Promise<string | undefined> {
  if (runtime.missing !== undefined) return runtime.missing;
  const env = { ...process.env, TOPIC: topic, BROKERS: cluster.addresses.join(), NO_COLOR: '1' };
  const options = { cwd, env, timeout: LIMIT_MS, killSignal: 'SIGKILL' as const };
  const { error, output } = await new Promise<{ error: Error | null; output: string }>((resolve) => {
    const child = execFile(runtime.program, [...args(runtime)], options, (error, stdout, stderr) =>
      resolve({ error, output: stdout + stderr }),
    );
    child.stdin?.end();
  });
  const values = cluster.topics().includes(topic) ? cluster.values(topic) : [];
  const arrived = values.map((value) => JSON.parse(value) as { message: string; runtime: string });
  const isWhole = arrived.length === 100 && arrived.every(({ message }, n) => message === `record ${n}`);
  // A runner may start another runtime than its own.
  const others = new Set(
    arrived.map(({ runtime }) => runtime).filter((version) => version !== runtime.version),
  );
  if (others.size > 0) return `it ran on ${[...others].join()} instead`;
  if (error === null && isWhole) return undefined;
  const said = output.split('\n').find((line) => /error|cannot|not /i.test(line)) ?? output.split('\n')[0];
  const { code, killed } = (error ?? {}) as { code?: number; killed?: boolean };
  const end = killed ? `did not end within ${LIMIT_MS / 1_000} s` : `exit status ${code ?? 0}`;
  return `${end}, ${arrived.length} of 100 records arrived${isWhole || arrived.length < 100 ? '' : ', not each once and in order'}: ${said?.trim()}`;
}

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { NODE_OPTIONS } from '../support/child-process.ts';
import { startCluster, TOPIC } from '../support/harness.ts';
import { ROOT } from './pages.ts';

const execute = promisify(execFile);
const library = join(ROOT, 'lib/index.ts');
const formats = join(ROOT, 'lib/formats.ts');

export interface SnippetResult {
  readonly stdout: string;
  readonly stderr: string;
  /** What has arrived in the topic. */
  readonly values: string[];
}

/** A directory from which the packages are found. Removed with the spec. */
export function snippetDirectory(): string {
  const directory = mkdtempSync(join(ROOT, 'spec/docs/.snippet-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a snippet as it stands, but for where the library and the broker are. */
export async function runSnippet(code: string): Promise<SnippetResult> {
  const cluster = await startCluster({ autoCreate: true });
  const directory = snippetDirectory();
  const file = join(directory, 'snippet.mts');
  const adapted = code
    .replaceAll("'winston-kafkajs'", JSON.stringify(library))
    .replaceAll("'winston-kafkajs/register'", JSON.stringify(join(ROOT, 'lib/register.ts')))
    .replaceAll("'winston-kafkajs/formats'", JSON.stringify(formats))
    .replaceAll('localhost:9092', cluster.addresses[0] ?? '');
  writeFileSync(file, adapted);
  const { stdout, stderr } = await execute(process.execPath, [...NODE_OPTIONS, file], { cwd: directory });
  return { stdout, stderr, values: cluster.values(TOPIC) };
}

// A Node that @platformatic/kafka runs on, for programs of specs: this one, or from the npm registry where this one is too old.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runsHere } from '../clients/platformatic/node.ts';

/** The path of its program. The first time on a machine it is downloaded. */
export async function newerNode(): Promise<string> {
  if (runsHere) return process.execPath;
  const ask = ['--yes', '--package', 'node@24', 'node', '--print', 'process.execPath'];
  const { stdout } = await promisify(execFile)('npx', ask);
  return stdout.trim();
}

/** A global set-up of vitest, so that it is looked for once: several at a time would download it at a time. */
export async function setup(): Promise<void> {
  process.env.SPEC_NEWER_NODE = await newerNode();
}

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleOf } from './bundles.ts';

export interface ChildResult {
  /** `null` when it had to be killed. */
  readonly code: number | null;
  /** What ended it, where it did not end by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface ChildOptions {
  /** In addition to this process's; what is `undefined` it does not get. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Modules to load first, as URLs. */
  readonly preload?: readonly string[];
  /** The program of the Node that runs it. By default this one's, or in a run for @platformatic/kafka that of newer-node.ts. */
  readonly node?: string;
  /** A command that starts it, with what it is given. */
  readonly through?: readonly string[];
  /** After so many milliseconds it is killed. */
  readonly limitMs?: number;
  /** No file of its grows larger: a write beyond that fails half-way, as on a disk that is full. */
  readonly maxFileKiB?: number;
}

/**
 * Without kafkajs's warning on Node 24, of a timer with a negative delay (tulios/kafkajs#1751), stderr has only what is
 * ours.
 */
const QUIET = '--disable-warning=TimeoutNegativeWarning';

/** What Node needs to run the TypeScript of specs. */
export const NODE_OPTIONS: readonly string[] = [
  QUIET,
  '--import',
  'tsx',
  '--import',
  new URL('./built-program.mjs', import.meta.url).href,
];

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a TypeScript program in a process of its own, to its end. */
export async function runChild(program: URL, options: ChildOptions = {}): Promise<ChildResult> {
  const { env = {}, preload = [], limitMs = 35_000, maxFileKiB, through = [] } = options;
  const { node = nodeOfRun() } = options;
  const bundle = await bundleOf(program);
  const startedAt = performance.now();
  const imports = preload.flatMap((name) => ['--import', name]);
  const run =
    bundle === undefined
      ? [...NODE_OPTIONS, ...imports, fileURLToPath(program)]
      : [QUIET, ...imports, bundle];
  const command = [...through, node, ...run];
  // The shell counts in blocks of 512 bytes.
  if (maxFileKiB !== undefined) command.unshift('sh', '-c', `ulimit -f ${2 * maxFileKiB}; exec "$@"`, 'sh');
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...output, ms: performance.now() - startedAt };
}

function nodeOfRun(): string {
  const { SPEC_CLIENT, SPEC_NEWER_NODE } = process.env;
  return (SPEC_CLIENT === 'platformatic' ? SPEC_NEWER_NODE : undefined) ?? process.execPath;
}

/** Starts a TypeScript program in a process of its own that this one can send messages to. */
export function startChild(program: URL, limitMs = 60_000): ChildProcess {
  return fork(fileURLToPath(program), {
    cwd: ROOT,
    execArgv: [...NODE_OPTIONS],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
}

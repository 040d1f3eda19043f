// Runs one measurement in a fresh process of plain Node, on what `npm run build` has made.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Broker } from './broker.ts';
import type { Figures, Scenario } from './scenario.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHILD = fileURLToPath(new URL('built/child.js', import.meta.url));
const NODE_FLAGS = ['--expose-gc', '--disable-warning=TimeoutNegativeWarning'];
const LIMIT_MS = 120_000;

/** Makes `dist`, and JavaScript of the scenarios: nothing that is measured goes through a loader. */
export function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'benchmarks/tsconfig.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
}

export async function runChild(
  scenario: Scenario,
  variant: string,
  broker: Broker,
  topic: string,
): Promise<Figures> {
  const args = [...NODE_FLAGS, CHILD, scenario.name, variant, topic, ...broker.addresses];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.on('message', ({ isHeld }: { isHeld: boolean }) => {
    broker.hold(isHeld);
    child.send({ isHeld });
  });
  let printedAt = 0;
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printedAt = performance.now();
    printed += text;
  });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(
      `${scenario.name} (${variant}) failed:\n${complaints.slice(-4_000)}${printed.slice(-1_000)}`,
    );
  // winston-logger-kafka has something to say there, too.
  const figures = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Figures;
  return scenario.endsByItself === true ? { ...figures, exitMs: performance.now() - printedAt } : figures;
}

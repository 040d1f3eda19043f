// The table of ratios in docs/performance.md, between its markers.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Measured } from './promise-checks.ts';
import { verdictTable } from './results.ts';

const FILE = new URL('../../docs/performance.md', import.meta.url);
const BETWEEN = /(?<=<!-- benchmarks: begin -->\n).*(?=<!-- benchmarks: end -->)/s;

export function writeReadme(measured: readonly Measured[]): void {
  const readme = readFileSync(FILE, 'utf8');
  if (!BETWEEN.test(readme)) throw new Error('docs/performance.md has lost the markers of its benchmarks.');
  writeFileSync(
    FILE,
    readme.replace(BETWEEN, () => `\n${verdictTable(measured)}\n\n`),
  );
}

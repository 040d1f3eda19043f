// The program of the shipping thread in what is built.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packedWorkerProgram } from '../../.ci/worker-program.js';
import { run } from './consumer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a fresh process prints that has the library in one of its formats. */
async function printed(format: 'esm' | 'cjs', code: string): Promise<unknown> {
  const path = JSON.stringify(`./dist/${format}/index.js`);
  const load = format === 'esm' ? `import(${path})` : `Promise.resolve(require(${path}))`;
  const isLoaded = "() => Object.keys(require.cache).some((file) => file.endsWith('program-text.js'))";
  const script = `const isLoaded = ${isLoaded}; ${load}.then(({ KafkaTransport }) => { ${code} });`;
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: ROOT });
  return JSON.parse(stdout);
}

describe.each(['esm', 'cjs'] as const)('in %s, the program of the shipping thread', (format) => {
  it('is loaded when a transport asks for a thread, and not before', async () => {
    const make = (worker: boolean): string =>
      `new KafkaTransport({ topic: 'logs', kafka: { brokers: ['127.0.0.1:1'] }, worker: ${worker} });`;
    const code = `const seen = [isLoaded()]; ${make(false)} seen.push(isLoaded()); ${make(true)} seen.push(isLoaded());
      console.log(JSON.stringify(seen));`;
    expect(await printed(format, code)).toEqual([false, false, true]);
  });

  it('is what its sources make', async () => {
    const path = JSON.stringify(`./dist/cjs/lazy.js`);
    const code = `import(${path}).then(({ packedProgram }) => console.log(JSON.stringify(packedProgram())));`;
    expect(await printed(format, code)).toBe(await packedWorkerProgram());
  });
});

// The time that an import takes is above all that which V8 takes to read the code.
it.each(['esm', 'cjs'] as const)(
  'an import reads an eighth of the code, and a transport the rest (%s)',
  async (format) => {
    const code = `const { statSync } = require('node:fs');
    const size = () => Object.keys(require.cache).filter((file) => file.includes('/dist/cjs/'))
      .reduce((sum, file) => sum + statSync(file).size, 0);
    const imported = size();
    new KafkaTransport({ topic: 'logs', producer: { connect() {}, send() {}, disconnect() {} } });
    console.log(JSON.stringify({ imported, all: size() }));`;
    const { imported, all } = (await printed(format, code)) as { imported: number; all: number };
    expect(imported).toBeLessThan(38 * 1024);
    expect(all).toBeGreaterThan(7 * imported);
  },
);

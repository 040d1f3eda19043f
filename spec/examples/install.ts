// Installs the examples once for all specs, as a user would, with what is packed here.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from '../package/consumer.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the examples are installed. */
    examples: string;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOT_COPIED = /[\\/](node_modules|dist|spool|undelivered|package-lock\.json|[^\\/]*\.tgz)$/;

export async function setup({ provide }: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-examples-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    cpSync(join(ROOT, 'examples'), directory, {
      recursive: true,
      filter: (path) => !NOT_COPIED.test(path),
    });
    // `npm run test:examples` has built it.
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
    const [{ filename }] = JSON.parse((await run('npm', pack, { cwd: ROOT })).stdout);
    const file = join(directory, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    manifest.dependencies['winston-kafkajs'] = `file:./${filename}`;
    writeFileSync(file, JSON.stringify(manifest));
    await run('npm', ['install', '--no-package-lock', '--prefer-offline'], { cwd: directory });
  } catch (error) {
    remove();
    throw error;
  }
  provide('examples', directory);
  return remove;
}

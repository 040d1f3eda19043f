import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { build, folderOf, Program, SUCCESS } from './example.ts';
import { ordersIn, startBroker, upTo } from './topic.ts';

it.each(['bundle-esbuild', 'bundle-webpack', 'bundle-rollup', 'bundle-vite-ssr'])(
  'a bundle delivers all where there is no node_modules: %s',
  async (example) => {
    const command = await build(example);
    const deployed = mkdtempSync(join(tmpdir(), 'winston-kafkajs-deployed-'));
    onTestFinished(() => rmSync(deployed, { recursive: true, force: true }));
    cpSync(join(folderOf(example), 'dist'), join(deployed, 'dist'), { recursive: true });
    writeFileSync(join(deployed, 'package.json'), '{ "type": "module" }');
    const cluster = await startBroker();
    const program = Program.start(command, deployed, { KAFKA_BROKERS: cluster.addresses[0] });
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(ordersIn(cluster)).toEqual(upTo(10));
    expect(program.stderr).toBe('');
  },
);

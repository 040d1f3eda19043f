// Runs the packed package on each runtime, in each module format, bundler, test runner and framework, against the stand-in
// broker, and writes docs/compatibility.md: npm run compatibility. Fails where a cell of Node fails. Needs the npm registry, and some minutes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Consumer } from '../../spec/package/consumer.ts';
import { BrokerCluster } from '../broker/broker-cluster.ts';
import * as cells from './cells.ts';
import { pageOf, type Result } from './page.ts';
import { installRuntimes } from './runtimes.ts';

const AT_ONCE = 3;
const PAGE = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-compatibility-'));
const cluster = await BrokerCluster.start({ autoCreate: true });
const consumer = await Consumer.make();
try {
  const packages = [...cells.PACKAGES, ...cells.MORE_PACKAGES];
  await consumer.run('npm', ['install', '--no-audit', '--no-fund', ...packages]);
  const source = cells.copyFixtures(consumer);
  mkdirSync(join(directory, 'bundles'));
  const rows = [
    ...cells.modules(source),
    ...(await cells.bundles(source, join(directory, 'bundles'))),
    ...cells.runners(consumer, source),
    ...cells.frameworks(source),
  ];
  const runtimes = await installRuntimes(directory);
  const results: Result[] = rows.flatMap((row) => runtimes.map((runtime) => ({ row, runtime })));
  const waiting = results.map((result, at) => ({ result, topic: `cell-${at}` }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { result, topic } = next;
      const cwd = consumer.directory;
      const failure = await cells.failureOf(result.row, result.runtime, { cwd, topic, cluster });
      // No path of this machine.
      if (failure !== undefined)
        result.failure = failure.replaceAll(consumer.directory, '.').replaceAll(directory, '.');
      console.log(`${result.row.name} on ${result.runtime.name}: ${result.failure ?? 'yes'}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const versions: string[] = [];
  for (const name of ['winston', 'kafkajs', ...cells.PACKAGES.filter((name) => name !== '@nestjs/common')]) {
    const { stdout } = await consumer.run('npm', [
      'pkg',
      'get',
      'version',
      '--prefix',
      `node_modules/${name}`,
    ]);
    versions.push(`${name} ${JSON.parse(stdout)}`);
  }
  writeFileSync(PAGE, pageOf(results, versions));
  // The others are tried, and not supported: that they fail is told on the page.
  const failed = results.filter(
    ({ runtime, failure }) => runtime.name.startsWith('Node') && failure !== undefined,
  );
  for (const { row, runtime, failure } of failed) console.error(`${row.name} on ${runtime.name}: ${failure}`);
  if (failed.length > 0) process.exitCode = 1;
} finally {
  consumer.remove();
  rmSync(directory, { recursive: true, force: true });
  await cluster.stop();
}

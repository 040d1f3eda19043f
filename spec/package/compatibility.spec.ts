// The cheap cells of `npm run compatibility`: both module formats, on the Node that runs the specs.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { copyFixtures, failureOf, modules } from '../../testing/compatibility/cells.ts';
import type { Runtime } from '../../testing/compatibility/runtimes.ts';
import { Consumer } from './consumer.ts';

const runtime: Runtime = {
  name: 'Node',
  version: process.versions.node,
  program: process.execPath,
  flags: [],
  testFlags: [],
};

let cluster: BrokerCluster;
let consumer: Consumer;
beforeAll(async () => {
  cluster = await BrokerCluster.start({ autoCreate: true });
  consumer = await Consumer.make();
});

afterAll(async () => {
  consumer.remove();
  await cluster.stop();
});

it('delivers what an application logs that ends, in both module formats', async () => {
  const failures = [];
  for (const row of modules(copyFixtures(consumer)))
    failures.push(
      await failureOf(row, runtime, { cwd: consumer.directory, topic: row.name.replace(' ', '-'), cluster }),
    );
  expect(failures).toEqual([undefined, undefined]);
});

it('tells of a runtime that is another, and of a program that fails', async () => {
  const [row] = modules(copyFixtures(consumer));
  if (row === undefined) throw new Error('There are no cells');
  const cell = (topic: string): { cwd: string; topic: string; cluster: BrokerCluster } => ({
    cwd: consumer.directory,
    topic,
    cluster,
  });
  expect(await failureOf(row, { ...runtime, version: '1.2.3' }, cell('other'))).toBe(
    `it ran on ${process.versions.node} instead`,
  );
  const failing = { ...row, args: () => ['-e', "throw new Error('no')"] };
  expect(await failureOf(failing, runtime, cell('failing'))).toMatch(
    /^exit status 1, 0 of 100 records arrived: /,
  );
  const short = { ...row, args: () => ['-e', ''] };
  expect(await failureOf(short, runtime, cell('short'))).toMatch(/^exit status 0, 0 of 100 records arrived/);
});

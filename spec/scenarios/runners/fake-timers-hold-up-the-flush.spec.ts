import { describe, expect, it, onTestFinished } from 'vitest';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { Project, RUN_LIMIT_MS, type Run } from './project.ts';

const WHENS = ['import', 'construction', 'log', 'flush'].map((when) => `before ${when}`);
const NOW = Date.parse('2030-01-01T00:00:00Z');

async function start(): Promise<{ cluster: BrokerCluster; project: Project; env: { KAFKA: string } }> {
  const cluster = await startCluster();
  const [broker = ''] = cluster.addresses;
  const project = await Project.make(broker);
  onTestFinished(() => project.remove());
  return { cluster, project, env: { KAFKA: broker } };
}

/** Each check has sent one record of its name, and that once; it bears the faked time. */
function expectShipped(cluster: BrokerCluster, run: Run, runner: string, others: readonly string[]): void {
  expect(run.code, run.output).toBe(0);
  const names = (worker: boolean): string[] =>
    [...WHENS, ...others].map((what) => `${runner}, worker ${worker}, ${what}`);
  expect(cluster.values(TOPIC).filter((name) => !name.endsWith('everything'))).toEqual(
    [...names(false), ...names(true)].filter((name) => !name.endsWith('everything')),
  );
  const faked = cluster
    .records(TOPIC)
    .filter(({ value }) => /before (construction|log|import)/.test(String(value)));
  expect(faked.map(({ timestamp }) => Number(timestamp))).toEqual(faked.map(() => NOW));
}

describe('a flush and a close end, and the record arrives, while timers are faked', {
  timeout: RUN_LIMIT_MS,
}, () => {
  it('by Jest', async () => {
    const { cluster, project, env } = await start();
    const run = await project.jest(['checks/fake-timers'], [], env);
    expectShipped(cluster, run, 'jest', ['legacy', 'advancing', 'passing']);
  });

  it('by vitest', async () => {
    const { cluster, project, env } = await start();
    const run = await project.vitest(['checks/fake-timers'], env);
    expectShipped(cluster, run, 'vitest', ['everything', 'passing']);
  });

  it('by node:test', async () => {
    const { cluster, project, env } = await start();
    const run = await project.run(['--test', 'checks/fake-timers.node-test.cjs'], env);
    expectShipped(cluster, run, 'node:test', ['passing']);
  });

  it('by sinon', async () => {
    const { cluster, project, env } = await start();
    const run = await project.run(['checks/fake-timers.sinon.cjs'], env);
    expectShipped(cluster, run, 'sinon', ['passing']);
  });
});

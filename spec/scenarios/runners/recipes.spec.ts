import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { Project, RUN_LIMIT_MS } from './project.ts';

const RECIPES = new URL('./fixtures/recipes/', import.meta.url);
const page = readFileSync(new URL('../../../docs/tests-and-jest.md', import.meta.url), 'utf8');
const NIGHT = Date.parse('2020-01-01T01:00:00Z');

async function start(): Promise<{ cluster: BrokerCluster; project: Project }> {
  const cluster = await startCluster();
  const project = await Project.make(cluster.addresses[0] ?? '');
  onTestFinished(() => project.remove());
  return { cluster, project };
}

/** The messages in the topic, and when they were logged. */
function logged(cluster: BrokerCluster): [message: string, time: number][] {
  return cluster.records(TOPIC).map(({ value, timestamp }) => [JSON.parse(String(value)).message, timestamp]);
}

describe('the page about tests', () => {
  it('shows the recipes as they are run here, and no others', () => {
    const blocks = [...page.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name, code]) => [
      name,
      code,
    ]);
    const files = readdirSync(RECIPES).map((name) => [name, readFileSync(new URL(name, RECIPES), 'utf8')]);
    expect(Object.fromEntries(blocks)).toEqual(Object.fromEntries(files));
    expect(blocks.length).toBe(page.match(/^```js$/gm)?.length);
  });
});

describe('its recipes', { timeout: RUN_LIMIT_MS }, () => {
  it('for Jest pass, and leave no handle open', async () => {
    const { cluster, project } = await start();
    const { code, output } = await project.jest(['recipes/'], ['--detectOpenHandles']);
    expect(output).not.toMatch(/open handle|did not exit|torn down|soft deleted|kafkajs/);
    expect(output).toContain('3 passed, 3 total');
    expect(code, output).toBe(0);
    expect(new Map(logged(cluster)).get('closed for the night')).toBe(NIGHT);
    expect(
      logged(cluster)
        .map(([message]) => message)
        .toSorted(),
    ).toEqual(['an order came in', 'closed for the night']);
  });

  it('for Jest that are silent never connect', async () => {
    const { cluster, project } = await start();
    const { code, output } = await project.jest(['recipes/silent']);
    expect(code, output).toBe(0);
    expect(cluster.connectionsEver).toBe(0);
  });

  it.each([
    ['vitest', (project: Project) => project.vitest(['recipes/'])],
    ['node:test', (project: Project) => project.run(['--test', 'recipes/node-test-fake-timers.test.mjs'])],
    ['sinon', (project: Project) => project.run(['recipes/sinon-fake-timers.mjs'])],
  ])('for %s pass', async (_, run) => {
    const { cluster, project } = await start();
    const { code, output } = await run(project);
    expect(code, output).toBe(0);
    expect(logged(cluster)).toEqual([['closed for the night', NIGHT]]);
  });
});

import { expect, it, onTestFinished } from 'vitest';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { Project, RUN_LIMIT_MS } from './project.ts';

const MODES = ['soft', 'on', 'off'];
const MOMENTS = [0, 5, 20, 28, 60];

// Each file has an environment of its own, which is torn down when the file has ended; the process goes on with the next.
it('a Jest suite that passes exits with 0, though its records are sent when its files have ended', {
  timeout: RUN_LIMIT_MS,
}, async () => {
  const cluster = await startCluster();
  const [broker = ''] = cluster.addresses;
  const project = await Project.make(broker);
  onTestFinished(() => project.remove());
  const runs = MODES.map((globalsCleanup) => {
    const args = [`--testEnvironmentOptions=${JSON.stringify({ globalsCleanup })}`];
    return project.jest(['checks/ends-after'], args, { KAFKA: broker, RUN: globalsCleanup });
  });
  for (const { code, output } of await Promise.all(runs)) {
    expect(output).not.toMatch(/torn down|soft deleted|kafkajs|listener threw/i);
    expect(output).toContain(`${MOMENTS.length} passed, ${MOMENTS.length} total`);
    expect(code, output).toBe(0);
  }
  const sent = MODES.flatMap((mode) => MOMENTS.map((ms) => `${mode}: ends after ${ms}`));
  expect(cluster.values(TOPIC).toSorted()).toEqual(sent.toSorted());
});

it('a Jest suite that passes exits with 0, has one line and no open handle, where there is no broker', {
  timeout: RUN_LIMIT_MS,
}, async () => {
  const project = await Project.make('127.0.0.1:1');
  onTestFinished(() => project.remove());
  const { code, output } = await project.jest(['checks/ends-without'], ['--detectOpenHandles'], {});
  expect(output.match(/^.*kafkajs.*$/gm)).toEqual([
    expect.stringMatching(/ WARN winston-kafkajs cannot reach Kafka: .*ECONNREFUSED/),
  ]);
  expect(output).not.toMatch(/torn down|soft deleted|open handle/);
  expect(code, output).toBe(0);
});

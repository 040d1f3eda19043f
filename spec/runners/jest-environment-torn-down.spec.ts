import { describe, expect, it, onTestFinished } from 'vitest';
import { startCluster, TOPIC } from '../support/harness.ts';
import { Project } from './project.ts';

describe('a Jest suite that passes', () => {
  it.each(['soft', 'on', 'off'])(
    'exits with 0, though it ends before its records are sent; globals cleaned up: %s',
    async (mode) => {
      const cluster = await startCluster();
      const [broker = ''] = cluster.addresses;
      const project = await Project.make(broker);
      onTestFinished(() => project.remove());
      const args = [`--testEnvironmentOptions=${JSON.stringify({ globalsCleanup: mode })}`];
      const { code, output } = await project.jest(['checks/ends-after'], args, { KAFKA: broker });
      console.log(output, cluster.values(TOPIC));
      expect(output).not.toMatch(/torn down|soft deleted|winston-kafkajs/);
      expect(code, output).toBe(0);
    },
  );
});

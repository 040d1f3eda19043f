import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { NODE_OPTIONS } from '../../support/child-process.ts';
import { startCluster } from '../../support/harness.ts';

it('an outage is one line on the console, not one for each of its retries, what is given up another, and the process can end', async () => {
  const cluster = await startCluster();
  const port = cluster.addresses[0]?.split(':')[1] ?? '';
  await cluster.down();
  const fixture = fileURLToPath(new URL('fixtures/outage.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, fixture, port]);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/WARN winston-kafkajs cannot reach Kafka: .*ECONNREFUSED.*Records wait in memory/),
    // They are given up in the end.
    expect.stringMatching(/WARN winston-kafkajs has dropped 100 records: .*closed before Kafka had them/),
  ]);
  const { warnings, lastError, buffered } = JSON.parse(stdout);
  expect({ warnings, buffered }).toEqual({ warnings: ['ERR_KAFKA_UNREACHABLE'], buffered: 100 });
  expect(lastError).toContain('ECONNREFUSED');
  expect(stdout + stderr).not.toContain('s3cret');
}, 20_000);

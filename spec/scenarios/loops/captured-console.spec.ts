import { expect, it } from 'vitest';
import { runChild } from '../../support/child-process.ts';

it('an application that logs all that is printed gets its own lines into Kafka, and none of ours', {
  timeout: 30_000,
}, async () => {
  const { code, stdout, stderr } = await runChild(new URL('fixtures/captured-console.ts', import.meta.url));
  expect(code, stderr).toBe(0);
  const app = [
    'a record',
    'captured: printed when all is well',
    'a record during the outage',
    'captured: printed during the outage',
    'captured: written during the outage',
    'captured: written afterwards',
  ];
  expect(JSON.parse(stdout)).toEqual({
    values: app,
    seen: app,
    accepted: app.length,
    delivered: app.length,
    suppressed: { reentrant: 0, filtered: 0, loop: 0, sampled: 0 },
  });
  // They have gone past the capture, to the real stderr: the client's, and the transport's own about the outage.
  expect(stderr).toContain('ECONNREFUSED');
  expect(stderr.match(/Records wait in memory/g)).toHaveLength(1);
});

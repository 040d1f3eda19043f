// winston's `profile` and `startTimer` write infos that have their level in `level` only (winston/lib/winston/logger.js, `profile`;
// profiler.js, `done`): for want of a level no call site was captured, and a filter by module or function kept them from Kafka.
import { expect, it } from 'vitest';
import { fromFunction } from '../../lib/index.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../support/harness.ts';

it('what profile, startTimer and write log has its call site, and its filter', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    filter: fromFunction('measured'),
    headers: ({ origin }) => ({ function: origin?.function }),
  });
  const logger = loggerWith(transport);
  const elsewhere = (): void => {
    for (let times = 0; times < 2; times++) logger.profile('elsewhere');
  };
  function measured(): void {
    for (let times = 0; times < 2; times++) logger.profile('profile');
    logger.startTimer().done({ message: 'timer' });
    logger.write({ level: 'info', message: 'write' });
  }
  elsewhere();
  measured();
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(['profile', 'timer', 'write']);
  for (const { headers } of cluster.records(TOPIC)) expect(String(headers.function)).toBe('measured');
  expect(transport.stats().suppressed.filtered).toBe(1);
});

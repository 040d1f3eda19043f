// A signal that nobody but the transport has heard ends the process. Where a handler of the application's is added while it flushes for
// that, the signal is raised again for that one, which decides; and the process may go on.
import { expect, it } from 'vitest';
import { directoryOfSpec } from '../../spool/rig.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

it('what had been left on disk for the end was counted twice, and flushes waited for it for ever', async () => {
  const cluster = await startCluster();
  let answer = (): void => undefined;
  const hold = new Promise<void>((resolve) => {
    answer = resolve;
  });
  cluster.inject({ api: 'Produce', action: { hold } });
  const transport = transportTo(cluster, {
    signals: ['SIGUSR2'],
    closeTimeoutMs: 100,
    spool: { directory: directoryOfSpec(), mode: 'overflow' },
  });
  const logger = loggerWith(transport);
  logger.info('record 0');
  await cluster.until(() => cluster.count(TOPIC) === 1);
  const before = transport.flush(60_000);
  process.emit('SIGUSR2', 'SIGUSR2');
  await new Promise((resolve) => process.once('SIGUSR2', resolve));
  expect(await before).toEqual({ delivered: 0, dropped: 0, pending: 1 });
  answer();
  logger.info('record 1');
  expect(await transport.flush(20_000)).toEqual({ delivered: 2, dropped: 0, pending: 0 });
  expect(transport.stats()).toMatchObject({ accepted: 2, delivered: 2 });
  expectLaw(transport);
});

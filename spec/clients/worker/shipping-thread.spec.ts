import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { isShippingThread } from '../../../lib/clients/worker/shipping-thread.ts';
import { bundleOf } from '../../support/bundles.ts';

it.each<[string, unknown, boolean]>([
  ['was started by a transport', { winstonKafkajs: { reports: new Int32Array(1) } }, true],
  ['has no data', undefined, false],
  ['has a text', 'winstonKafkajs', false],
  ['has data of the application', { winston: {} }, false],
  ['has data of the application under the same name', { winstonKafkajs: { reports: [] } }, false],
])('a thread that %s', async (_, workerData, isShipping) => {
  const bundle = await bundleOf(new URL('../../../lib/clients/worker/shipping-thread.ts', import.meta.url));
  const code = `import('${bundle}').then(({ isShippingThread }) =>
    require('node:worker_threads').parentPort.postMessage(isShippingThread()))`;
  const worker = new Worker(code, { eval: true, workerData });
  expect(await once(worker, 'message')).toEqual([isShipping]);
});

it('the main thread is none', () => {
  expect(isShippingThread()).toBe(false);
});

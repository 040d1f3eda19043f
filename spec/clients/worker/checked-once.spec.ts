// Each transport with `worker: true` left some 11 kB behind for good: Node never frees a `Worker` whose `workerData` it
// cannot hand over, and by making one we ask whether a thread can be started at all.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { expect, it, onTestFinished, vi } from 'vitest';
import { checkWorkerCanStart } from '../../../lib/clients/worker/worker-program.ts';
import { KafkaTransportError } from '../../../lib/errors.ts';

const thread = vi.hoisted(() => ({ isShipping: false }));
vi.mock('../../../lib/clients/worker/shipping-thread.ts', () => ({
  isShippingThread: () => thread.isShipping,
}));

/** @param failure what Node throws in place of starting one */
function countWorkers(failure?: Error): { made: number } {
  const threads = createRequire(import.meta.url)(
    'node:worker_threads',
  ) as typeof import('node:worker_threads');
  const { Worker } = threads;
  const counted = { made: 0 };
  threads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      counted.made++;
      if (failure !== undefined) throw failure;
      super(...args);
    }
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    threads.Worker = Worker;
    syncBuiltinESMExports();
  });
  return counted;
}

it('asks Node once for each list of flags', () => {
  const counted = countWorkers();
  for (let n = 0; n < 3; n++) {
    checkWorkerCanStart(['--no-warnings', '--trace-deprecation']);
    checkWorkerCanStart(['--no-warnings']);
  }
  expect(counted.made).toBe(2);
});

it('asks again after a list that Node has refused, and refuses it again', () => {
  const counted = countWorkers();
  const check = (): void => checkWorkerCanStart(['--not-a-flag-of-nodes']);
  expect(check).toThrow(KafkaTransportError);
  expect(check).toThrow(/workerOptions.execArgv/);
  expect(counted.made).toBe(2);
});

it('asks nothing in a shipping thread, which starts none', () => {
  const counted = countWorkers();
  thread.isShipping = true;
  onTestFinished(() => {
    thread.isShipping = false;
  });
  checkWorkerCanStart(['--not-a-flag-of-nodes']);
  expect(counted.made).toBe(0);
});

it('says what Node says where it starts none for another reason', () => {
  countWorkers(new Error('no memory is left'));
  expect(() => checkWorkerCanStart(['--no-deprecation'])).toThrow(
    'option "worker" cannot be true: a thread cannot be started here: no memory is left; or leave',
  );
});

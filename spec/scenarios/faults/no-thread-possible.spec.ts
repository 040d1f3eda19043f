// `worker: true` where no thread can be started throws at once, and says what to do.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { bundleOf } from '../../support/bundles.ts';

const PROGRAM = new URL('./fixtures/asks-for-a-thread.ts', import.meta.url);
// Node 20 calls it by its old name only.
const PERMISSION = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);

async function refusal(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

const REFUSED = { name: 'KafkaTransportError', code: 'ERR_INVALID_OPTION', option: 'worker' };

it("where Node's permission model allows none", async () => {
  const bundle = String(await bundleOf(PROGRAM));
  expect(await refusal(String(PERMISSION), '--allow-fs-read=*', bundle)).toEqual({
    ...REFUSED,
    message:
      'winston-kafkajs: option "worker" cannot be true: a thread cannot be started here: ' +
      'Node\'s permission model allows no threads: add --allow-worker; or leave "worker" out.',
  });
});

it('where its program is not there: in the sources, which nobody has built, or in a bundle that has left it out', async () => {
  expect(await refusal('--import', 'tsx', fileURLToPath(PROGRAM))).toEqual({
    ...REFUSED,
    message:
      'winston-kafkajs: option "worker" cannot be true: the program of its thread is not here: ' +
      'leave winston-kafkajs out of the bundle, as an external package; or leave "worker" out.',
  });
});

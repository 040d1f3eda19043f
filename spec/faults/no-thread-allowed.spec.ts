import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { bundleOf } from '../support/bundles.ts';

const PROGRAM = new URL('./fixtures/without-permission.ts', import.meta.url);
// Node 20 calls it by its old name only.
const FLAG = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);

it("worker: true where Node's permission model allows no threads throws at once, and says what to do", async () => {
  const bundle = String(await bundleOf(PROGRAM));
  const { stdout } = await promisify(execFile)(process.execPath, [String(FLAG), '--allow-fs-read=*', bundle]);
  expect(JSON.parse(stdout)).toEqual({
    name: 'KafkaTransportError',
    code: 'ERR_INVALID_OPTION',
    option: 'worker',
    message:
      'winston-kafkajs: option "worker" cannot be true: a thread cannot be started here: ' +
      'Node\'s permission model allows no threads: add --allow-worker; or leave "worker" out.',
  });
});

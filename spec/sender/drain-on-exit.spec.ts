// At `process.exit()` no thread could be started for what was left: the error came out of the transport's `exit` listener, nothing was
// given up, and the fallback got none.
import { expect, it } from 'vitest';
import { Rig } from './rig.ts';

it('an exit drain that throws leaves the records to be given up, and the error is told', async () => {
  const noThread = new Error('EAGAIN');
  const exitDrain = {
    awaitSends: () => undefined,
    send: () => {
      throw noThread;
    },
  };
  const rig = new Rig({}, { exitDrain });
  rig.connect = () => new Promise(() => undefined);
  rig.log('a', 'b');
  rig.sender.drainOnExit(1_000);
  expect(rig.sender.lastError?.message).toContain('EAGAIN');
  rig.sender.giveUp();
  expect(rig.dropped.map(({ text, reason }) => `${reason} ${text}`)).toEqual(['closed a', 'closed b']);
});

it('an exit drain that has no time left is given nothing, and no record is made into an object for it', () => {
  const sent: number[] = [];
  const exitDrain = {
    awaitSends: () => undefined,
    send: (records: readonly unknown[]) => void sent.push(records.length),
  };
  const rig = new Rig({}, { exitDrain });
  rig.log('a', 'b');
  rig.sender.drainOnExit(0);
  expect(sent).toEqual([]);
  rig.sender.drainOnExit(1_000);
  expect(sent).toEqual([2]);
});

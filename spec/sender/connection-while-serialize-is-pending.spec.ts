// A promise of `serialize` that never settled kept the connection to Kafka open, and that kept the process alive for ever.
import { expect, it } from 'vitest';
import { Serialization } from '../../lib/record/value/serialization.ts';
import { Serializer } from '../../lib/record/value/serializer.ts';
import { deferred, Rig, recordOf } from './rig.ts';

it('is closed when it is idle; the value opens another', async () => {
  const slow = deferred<string>();
  const serializer = new Serializer(({ message }) => (message === 'slow' ? slow.promise : message), {
    callbackFailed: () => undefined,
    invalidReturn: () => undefined,
  });
  const rig = new Rig({ serializer, requestTimeoutMs: 60_000 });
  const closed = (): string[] => rig.events.filter((event) => event.startsWith('close'));
  const log = (text: string): void => {
    const record = recordOf({ text });
    record.serialization = new Serialization({
      level: 'info',
      message: text,
      time: 0,
      info: {},
      origin: undefined,
    });
    rig.sender.add(record);
  };
  log('first');
  await rig.clock.pass(100);
  log('slow');
  log('behind');
  await rig.clock.pass(2_100);
  expect(rig.delivered).toEqual(['first']);
  expect(closed()).toEqual(['close 1']);
  expect(rig.sender.state).toBe('idle');
  slow.resolve('slow');
  await rig.clock.pass(100);
  expect(rig.delivered).toEqual(['first', 'slow', 'behind']);
  expect(rig.sent.map(({ client }) => client)).toEqual([1, 2]);
  await rig.clock.pass(2_100);
  expect(closed()).toEqual(['close 1', 'close 2']);
});

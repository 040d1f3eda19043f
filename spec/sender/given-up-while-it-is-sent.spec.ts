// An idempotent producer sends a failed batch again as it is. Not where its records were given up while it was under way.
import { expect, it } from 'vitest';
import { deferred, Rig, stored } from './rig.ts';

it('a batch whose records were given up while it was under way is not sent again', async () => {
  const rig = new Rig({}, { resendsWhole: true });
  rig.learns = 1;
  const answer = deferred<unknown>();
  rig.answer = () => answer.promise;
  rig.log('given up');
  await rig.clock.pass(20);
  rig.sender.giveUp();
  answer.reject(Object.assign(new Error('the connection broke'), { name: 'KafkaJSConnectionError' }));
  rig.answer = stored;
  await rig.clock.pass(5_000);
  rig.log('next');
  await rig.clock.pass(5_000);
  expect(rig.sent.map(({ texts }) => texts)).toEqual([['given up'], ['next']]);
  expect(rig.ledger).toMatchObject({ delivered: 1, inFlight: 0, queued: 0 });
});

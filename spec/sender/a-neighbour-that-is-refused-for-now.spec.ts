// A record that cannot be encoded is looked for by trying those behind it, each alone. One of these was refused for now, and so was
// bound to a partition; a younger one passed it there, because the search went on at the same position of another queue.
import { expect, it } from 'vitest';
import { type Answer, Rig, recordOf, stored, textsOf } from './rig.ts';

it('a record that is refused for now, while the one before it is looked for, keeps its order', async () => {
  const rig = new Rig({}, { keepsSendTogether: false, isOwned: false });
  const cannotBeEncoded: Answer = () => {
    throw new TypeError('this record cannot be encoded');
  };
  const refusedForNow: Answer = () => [{ topicName: 'logs', partition: 0, errorCode: 6 }];
  // In the second round of the search there is another one to be tried behind it.
  const first = [cannotBeEncoded, refusedForNow];
  rig.answer = (batch, client) => {
    const [text] = textsOf(batch.content);
    const answer = text === 'first' ? first.shift() : undefined;
    return (text === 'odd' ? cannotBeEncoded : (answer ?? stored))(batch, client);
  };
  for (const text of ['odd', 'first', 'second', 'third']) rig.sender.add(recordOf({ text }));
  await rig.clock.pass(60_000);
  expect(rig.delivered).toEqual(['first', 'second', 'third']);
  expect(rig.dropped.map(({ text }) => text)).toEqual(['odd']);
});

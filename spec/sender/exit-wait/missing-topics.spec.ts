import { expect, it, vi } from 'vitest';
import type { SendResult } from '../../../lib/clients/send-result.ts';
import { MissingTopics } from '../../../lib/sender/exit-wait/missing-topics.ts';
import { HeldClock } from '../rig.ts';

const failed = (facts: object): SendResult => {
  const cause = Object.assign(new Error('wrapped'), { cause: Object.assign(new Error('refused'), facts) });
  return { kind: 'retry', cause, client: 'fine' };
};
const MISSING = failed({ type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3 });
const DELIVERED: SendResult = { kind: 'delivered' };

function started(waiting: readonly string[] | undefined) {
  const clock = new HeldClock();
  const left = { waiting };
  const topics = new MissingTopics(clock, () => left.waiting);
  return { clock, topics, left, givenUp: vi.fn() };
}

it('a missing topic is tried for two seconds, and then given up', async () => {
  const { clock, topics, givenUp } = started(['a']);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', MISSING);
  await clock.pass(1_999);
  expect(givenUp).not.toHaveBeenCalled();
  await clock.pass(1);
  expect(givenUp).toHaveBeenCalledTimes(1);
  topics.onResult('a', MISSING);
  expect(givenUp).toHaveBeenCalledTimes(1);
  expect(clock.armed).toBe(0);
});

it.each([{ code: 3 }, { type: 'UNKNOWN_TOPIC_OR_PARTITION' }])('told by %o', async (facts) => {
  const { clock, topics, givenUp } = started(['a']);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', failed(facts));
  await clock.pass(2_000);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it('what was missing before is tried once more', async () => {
  const { clock, topics, givenUp } = started(['a']);
  topics.onResult('a', MISSING);
  topics.whenOnlyMissing(givenUp);
  await clock.pass(5_000);
  expect(givenUp).not.toHaveBeenCalled();
  topics.onResult('a', MISSING);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it('records of other topics are waited for', async () => {
  const { clock, topics, left, givenUp } = started(['a', 'b']);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', MISSING);
  await clock.pass(5_000);
  topics.onResult('b', DELIVERED);
  expect(givenUp).not.toHaveBeenCalled();
  left.waiting = ['a'];
  topics.onResult('b', DELIVERED);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it.each([
  ['a topic that has taken a record', DELIVERED, MISSING],
  ['a topic that is being made', MISSING, failed({ type: 'LEADER_NOT_AVAILABLE', code: 5 })],
  ['a connection that fails', MISSING, failed({ code: 'ECONNRESET' })],
])('%s is waited for', async (_, first, then) => {
  const { clock, topics, givenUp } = started(['a']);
  topics.onResult('a', first);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', then);
  await clock.pass(60_000);
  expect(givenUp).not.toHaveBeenCalled();
});

it.each([
  ['has taken a record', DELIVERED],
  ['is being made', failed({ type: 'LEADER_NOT_AVAILABLE', code: 5 })],
])('a topic that was missing, and then %s while it is tried, is waited for', async (_, then) => {
  const { clock, topics, givenUp } = started(['a']);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', MISSING);
  topics.onResult('a', then);
  await clock.pass(60_000);
  expect(givenUp).not.toHaveBeenCalled();
});

it('who gives it up is told once, though he has it looked at again by that', async () => {
  const { clock, topics, givenUp } = started(['a']);
  givenUp.mockImplementationOnce(() => topics.onResult('a', MISSING));
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', MISSING);
  await clock.pass(2_000);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

it.each([{ waiting: undefined }, { waiting: [] }])(
  'records that cannot be told by their topics are waited for: $waiting',
  async ({ waiting }) => {
    const { clock, topics, givenUp } = started(waiting);
    topics.whenOnlyMissing(givenUp);
    topics.onResult('a', MISSING);
    await clock.pass(60_000);
    expect(givenUp).not.toHaveBeenCalled();
  },
);

it('who ends it hears nothing any more', async () => {
  const { clock, topics, givenUp } = started(['a']);
  topics.whenOnlyMissing(givenUp)();
  topics.onResult('a', MISSING);
  await clock.pass(60_000);
  expect([givenUp.mock.calls.length, clock.armed]).toEqual([0, 0]);
});

it('remembers 1,000 topics that have taken a record, and forgets them when one more comes', async () => {
  const { clock, topics, givenUp } = started(['a']);
  topics.onResult('a', DELIVERED);
  for (let at = 1; at < 1_000; at++) topics.onResult(`topic ${at}`, DELIVERED);
  topics.whenOnlyMissing(givenUp);
  topics.onResult('a', MISSING);
  await clock.pass(2_000);
  expect(givenUp).not.toHaveBeenCalled();
  topics.onResult('one more', DELIVERED);
  topics.onResult('a', MISSING);
  expect(givenUp).toHaveBeenCalledTimes(1);
});

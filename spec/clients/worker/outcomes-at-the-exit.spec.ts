// What an exit drain makes of what the thread answers and reports: with a thread that does as it is told.
import { expect, it } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import type { SendOutcome } from '../../../lib/clients/client.ts';
import { WorkerExitDrain } from '../../../lib/clients/worker/exit-drain.ts';
import type { ExitDrainReport, Task } from '../../../lib/clients/worker/messages/thread-messages.ts';
import type { Waiting } from '../../../lib/clients/worker/worker-thread.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { clientBatch, HeldClock, recordOf } from '../../sender/rig.ts';

const ANSWER: SendOutcome = { answer: 'stored' };

/** @param thread what happens while the main thread listens, step by step: as long as it waits, and there is time */
function drainWith(...thread: ((drain: WorkerExitDrain, waiting: Waiting) => void)[]) {
  const given: Task[] = [];
  const limits: number[] = [];
  let waitingFor: Waiting = { onOutcome: () => undefined };
  const clock = new HeldClock();
  clock.now = 1_000;
  const drain = new WorkerExitDrain({
    batch: { maxRecords: 10, maxBytes: 10_000, lingerMs: 1 },
    retry: { initialMs: 1, maxMs: 5 },
    clock,
    kafka: () => undefined,
    give: (task, waiting) => {
      given.push(task);
      waitingFor = waiting;
    },
    listen: (isWaiting, until) => {
      limits.push(until);
      while (isWaiting()) {
        const step = thread.shift();
        if (step === undefined) return;
        step(drain, waitingFor);
      }
    },
  });
  return { drain, given, left: thread, limits };
}

const batchOf = (topic: string): Batch => clientBatch(topic, [recordOf({ topic })]);

it('of the sends that are under way, those are told that were asked for, and no more is waited for than they', () => {
  const [one, other, foreign] = [batchOf('one'), batchOf('other'), batchOf('foreign')];
  const { drain, left, limits } = drainWith(
    () => drain.onSendOutcome(foreign, ANSWER),
    () => drain.onSendOutcome(one, ANSWER),
    () => expect.unreachable('it is not waited for'),
  );
  for (const batch of [one, foreign]) drain.onSend(batch);
  const told: Batch[] = [];
  // The other one is not under way.
  drain.awaitSends(new Set([one, other]), 2_000, (batch) => told.push(batch));
  expect([told, limits]).toEqual([[one], [2_000]]);
  expect(left).toHaveLength(1);
});

it('an answer that comes between two waits is told in the second, and each only once', async () => {
  const [one, other] = [batchOf('one'), batchOf('other')];
  const { drain, left } = drainWith(
    () => drain.onSendOutcome(one, ANSWER),
    () => expect.unreachable('nothing is under way'),
  );
  for (const batch of [one, other]) drain.onSend(batch);
  const told: Batch[] = [];
  const tell = (batch: Batch): void => void told.push(batch);
  drain.awaitSends(new Set([one]), 2_000, tell);
  drain.onSendOutcome(other, ANSWER);
  drain.awaitSends(new Set([other]), 2_000, tell);
  drain.awaitSends(new Set([one]), 2_000, tell);
  expect(told).toEqual([one, other]);
  await null;
  drain.awaitSends(new Set([one, other]), 2_000, tell);
  expect(told).toEqual([one, other]);
  expect(left).toHaveLength(1);
});

it('records go by topic and partition, each in their order, and what is reported of them is told of the right ones', () => {
  const texts = (records: readonly PendingRecord[]): string => records.map(({ text }) => text).join();
  const report = (what: ExitDrainReport) => (): void => drain.onReport(what);
  const { drain, given } = drainWith(
    report({ kind: 'delivered', indexes: [0, 1, 3] }),
    report({ kind: 'dropped', index: 2, reason: 'oversize', error: { message: 'too large' } }),
    report({ kind: 'dropped', index: 9, reason: 'oversize', error: { message: 'unknown' } }),
    report({ kind: 'outage', error: { message: 'nobody is there' } }),
    (_, { onOutcome }) => onOutcome({ error: new Error('the thread has ended') }),
    () => expect.unreachable('the drain is over'),
  );
  const record = (topic: string, partition: number | undefined, text: string): PendingRecord =>
    Object.assign(recordOf({ topic, text }), { partition });
  const records = [
    record('a', 1, 'a1'),
    record('a', 2, 'a2'),
    record('b', 1, 'b1'),
    record('a', 1, 'a1 too'),
  ];
  const told: string[] = [];
  const events = {
    onDelivered: (all: readonly PendingRecord[]) => void told.push(`delivered ${texts(all)}`),
    onDropped: ({ text }: PendingRecord, reason: string, cause: unknown) =>
      void told.push(`${reason} ${text}: ${cause}`),
    onOutage: (cause: unknown) => void told.push(`outage: ${cause}`),
  };
  drain.send(records, 3_500, events as never);
  const [task] = given;
  expect(task).toMatchObject({
    kind: 'drain-on-exit',
    drain: {
      timeoutMs: 2_500,
      batches: [
        { topic: 'a', partition: 1, records: { texts: ['a1', 'a1 too'] } },
        { topic: 'a', partition: 2, records: { texts: ['a2'] } },
        { topic: 'b', partition: 1, records: { texts: ['b1'] } },
      ],
    },
  });
  const all = [
    'delivered a1,a1 too,b1',
    'oversize a2: Error: too large',
    'outage: Error: nobody is there',
    'outage: Error: the thread has ended',
  ];
  expect(told).toEqual(all);
  // What comes later is for nobody.
  drain.onReport({ kind: 'delivered', indexes: [0] });
  expect(told).toEqual(all);
});

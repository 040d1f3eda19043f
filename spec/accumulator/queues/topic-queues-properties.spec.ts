import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { TopicQueues } from '../../../lib/accumulator/queues/topic-queues.ts';
import { SeverityQueue } from '../../../lib/accumulator/store/severity-queue.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { batchingPolicy, deepQueue, recordOf } from '../../sender/rig.ts';

let seq = 0;
function add(
  queues: TopicQueues,
  text: string,
  key: string | Buffer | null,
  severity: number,
): PendingRecord {
  const record = recordOf({ text, key, severity });
  record.seq = ++seq;
  queues.add(record);
  return record;
}

describe.each([
  { keepsSendTogether: true, queues: 'of one rank', makeQueue: () => deepQueue() },
  { keepsSendTogether: false, queues: 'of one rank', makeQueue: () => deepQueue() },
  { keepsSendTogether: true, queues: 'by severity', makeQueue: () => new SeverityQueue(() => deepQueue()) },
  { keepsSendTogether: false, queues: 'by severity', makeQueue: () => new SeverityQueue(() => deepQueue()) },
])(
  'whatever happens (keepsSendTogether: $keepsSendTogether, queues $queues)',
  ({ keepsSendTogether, makeQueue }) => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), n: fc.nat(9) }) },
      { weight: 16, arbitrary: fc.record({ do: fc.constant('take' as const), n: fc.nat(1) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('succeed' as const), n: fc.nat(9) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), n: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('halve' as const), n: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('relearn' as const), n: fc.nat(9) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('learn' as const), n: fc.integer({ min: 3, max: 3 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('hurry' as const), n: fc.constant(0) }) },
    );

    it('one send a partition at a time, order kept per key, nothing lost or doubled, and no timer that spins', () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120, size: 'max' }), fc.integer(), (steps, salt) => {
          let random = salt >>> 0;
          const policy = batchingPolicy({
            keepsSendTogether,
            makeQueue,
            now: () => now,
            random: () => {
              random = (random * 1_103_515_245 + 12_345) >>> 0;
              return random / 2 ** 32;
            },
          });
          const queues = new TopicQueues('logs', policy);
          const under: ProducerBatch[] = [];
          const waiting = new Set<string>();
          const arrived: PendingRecord[] = [];
          let now = 0;
          let made = 0;
          if (keepsSendTogether && salt % 2 === 0) queues.setPartitions(3, [0, 1, 2]);
          for (const { do: what, n } of steps) {
            now += 7;
            const batch = under[n % Math.max(1, under.length)];
            if (what === 'add') {
              for (let i = 0; i <= n; i++) {
                const text = String(made++);
                waiting.add(text);
                add(queues, text, i % 3 === 0 ? null : `key ${i % 5}`, i % 4);
              }
            } else if (what === 'take') {
              const force = n === 1;
              const due = queues.nextDue(force);
              const taken = queues.drain(now, force);
              // What is said to be due can be taken, and what can be taken was said to be due.
              expect(taken !== undefined).toBe(due !== undefined && due <= now);
              if (taken === undefined) continue;
              expect(taken.count).toBeGreaterThan(0);
              for (const { text } of taken.records) expect(waiting.delete(text)).toBe(true);
              if (keepsSendTogether) {
                if (taken.partition === undefined) expect(under).toEqual([]);
                else expect(under.every(({ partition }) => partition !== undefined)).toBe(true);
              }
              if (taken.partition !== undefined) {
                expect(under.map(({ partition }) => partition)).not.toContain(taken.partition);
              } else if (!keepsSendTogether) {
                expect(new Set(taken.records.map(({ key }) => key)).size).toBe(1);
              }
              under.push(taken);
            } else if (what === 'learn') {
              if (keepsSendTogether) queues.setPartitions(n, [0, 1, 2]);
            } else if (what === 'hurry') {
              queues.beginFlush();
            } else if (batch !== undefined) {
              under.splice(under.indexOf(batch), 1);
              const key = batch.records[0]?.key ?? null;
              if (what === 'succeed') {
                batch.bindTo(batch.partition ?? (key === null ? n % 3 : policy.partitionOfKey(key, 3)));
                arrived.push(...batch.records);
                queues.succeed(batch);
                continue;
              }
              for (const record of batch.records) {
                waiting.add(record.text);
                // As the accumulator takes them back.
                record.partition = batch.partition;
              }
              if (what === 'fail') queues.reenqueue(batch, batch.records, now + n * 10);
              else if (what === 'halve') queues.bisect(batch, batch.records);
              else {
                queues.forgetPartitions();
                batch.unbind();
                for (const record of batch.records) record.partition = undefined;
                queues.reenqueue(batch, batch.records, now);
              }
            }
          }
          // To the end, all successful.
          for (let rounds = 0; waiting.size > 0 || under.length > 0; rounds++) {
            expect(rounds).toBeLessThan(10_000);
            queues.beginFlush();
            const batch = queues.drain(now, true) ?? under[0];
            if (batch === undefined) throw new Error('something waits that never becomes due');
            if (under.includes(batch)) under.splice(under.indexOf(batch), 1);
            for (const { text } of batch.records) waiting.delete(text);
            arrived.push(...batch.records);
            batch.bindTo(batch.partition ?? 0);
            queues.succeed(batch);
          }
          expect(queues.isIdle).toBe(true);
          expect(new Set(arrived.map(({ text }) => text)).size).toBe(made);
          expect(arrived.length).toBe(made);
          for (let key = 0; key < 5; key++) {
            const seqs = arrived.filter((record) => record.key === `key ${key}`).map((record) => record.seq);
            expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
          }
        }),
        { numRuns: 100 },
      );
    });
  },
);

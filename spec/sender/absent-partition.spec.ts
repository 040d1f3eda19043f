// A partition that is between two leaders: kafkajs leaves it out, sends nothing, and answers without it.
import { expect, it } from 'vitest';
import { type Answer, deferred, Rig, recordOf, stored, textsOf } from './rig.ts';

function rigOfTwoPartitions(resendsWhole = false): Rig {
  const rig = new Rig({ batch: { maxRecords: 1, maxBytes: 10_000, lingerMs: 0 } }, { resendsWhole });
  rig.learns = 2;
  return rig;
}

/** What each partition stores, in order. */
function storing(rig: Rig, isAbsent: (partition: number | undefined) => boolean): Map<unknown, number[]> {
  const logs = new Map<unknown, number[]>([
    [0, []],
    [1, []],
  ]);
  rig.answer = (batch) => {
    if (isAbsent(batch.partition)) return [];
    logs.get(batch.partition)?.push(...textsOf(batch.content).map(Number));
    return stored(batch);
  };
  return logs;
}

const ascending = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);

it.each([false, true])(
  'records without key went to another partition after later ones (idempotent: %s)',
  async (idempotent) => {
    const rig = rigOfTwoPartitions(idempotent);
    let absent: number | undefined;
    const logs = storing(rig, (partition) => partition === absent);
    rig.log('0');
    await rig.clock.pass(50);
    absent = 1;
    for (let n = 1; n <= 20; n++) {
      rig.log(String(n));
      await rig.clock.pass(20);
    }
    absent = undefined;
    for (let n = 21; n <= 40; n++) rig.log(String(n));
    await rig.clock.pass(5_000);
    expect(rig.delivered.length).toBe(41);
    for (const log of logs.values()) {
      expect(log.length).toBeGreaterThan(0);
      expect(log).toEqual(ascending(log));
    }
  },
);

it('one that does not come back does not keep its records for ever', async () => {
  const rig = rigOfTwoPartitions();
  const logs = storing(rig, (partition) => partition === 1);
  for (let n = 0; n < 5; n++) rig.log(String(n));
  await rig.clock.pass(120_000);
  expect(logs.get(0)).toContain(4);
  expect(rig.delivered.length).toBe(5);
});

it('a record is tried 32 times where it was to go, and then goes to another partition', async () => {
  const rig = rigOfTwoPartitions();
  storing(rig, (partition) => partition === 1);
  rig.log('0');
  await rig.clock.pass(50);
  rig.log('1');
  await rig.clock.pass(120_000);
  expect(rig.sent.filter(({ texts }) => texts[0] === '1').map(({ partition }) => partition)).toEqual([
    ...Array(32).fill(1),
    undefined,
  ]);
  expect(rig.delivered).toEqual(['0', '1']);
});

it('the key of a record belongs to the partitions that there are now', async () => {
  const rig = rigOfTwoPartitions();
  const logs = storing(rig, (partition) => partition === 1);
  rig.log('0');
  await rig.clock.pass(50);
  // The topic has been made anew, with one partition.
  rig.sender.add(recordOf({ text: '1', key: '1' }));
  await rig.clock.pass(50);
  rig.learns = 1;
  await rig.clock.pass(5_000);
  expect(logs.get(0)).toEqual([0, 1]);
});

it.each([false, true])(
  'a record went to the new partition of its key after later ones of that key (idempotent: %s)',
  async (idempotent) => {
    const rig = rigOfTwoPartitions(idempotent);
    let absent: number | undefined = 1;
    const logs = storing(rig, (partition) => partition === absent);
    const { answer } = rig;
    const held = deferred<unknown>();
    rig.answer = (batch) => (batch.partition === 1 && absent === 1 ? held.promise : answer(batch, 1));
    rig.log('0');
    await rig.clock.pass(50);
    // To partition 1, of two; then to partition 3, of four.
    rig.sender.add(recordOf({ text: '1', key: '3' }));
    await rig.clock.pass(50);
    rig.learns = 4;
    logs.set(3, []).set(2, []);
    rig.log('2');
    await rig.clock.pass(50);
    rig.sender.add(recordOf({ text: '3', key: '3' }));
    await rig.clock.pass(50);
    held.resolve([]);
    await rig.clock.pass(0);
    absent = undefined;
    await rig.clock.pass(5_000);
    expect([logs.get(1), logs.get(3)]).toEqual([[1], [3]]);
  },
);

it('a batch that may have arrived is sent again as it is, also after its partition was absent (idempotent)', async () => {
  const rig = new Rig({}, { resendsWhole: true });
  rig.learns = 1;
  const lost = Object.assign(new Error('the connection broke'), { name: 'KafkaJSConnectionError' });
  const answers: Answer[] = [() => Promise.reject(lost), () => []];
  rig.answer = (batch, client) => (answers.shift() ?? stored)(batch, client);
  const log = (text: string): void => rig.sender.add(recordOf({ text, key: '0' }));
  log('0');
  log('1');
  await rig.clock.pass(20);
  log('2');
  await rig.clock.pass(5_000);
  expect(rig.sent.map(({ texts }) => texts)).toEqual([['0', '1'], ['0', '1'], ['0', '1'], ['2']]);
});

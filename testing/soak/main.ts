// npm run soak -- [--schedules 200] [--seconds N] [--seed S]
// Random schedules of faults, one after the other, until one goes wrong: its seed runs the same again.
import '../../spec/support/quiet-stderr.ts';
import { parseArgs } from 'node:util';
import { runSchedule } from './run-schedule.ts';
import { drawSchedule } from './schedule.ts';

const { values } = parseArgs({
  options: { schedules: { type: 'string' }, seconds: { type: 'string' }, seed: { type: 'string' } },
});
const onlySeed = values.seed === undefined ? undefined : Number(values.seed);
const firstSeed = onlySeed ?? Math.floor(Math.random() * 2 ** 31);
const seconds = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds);
const most = onlySeed !== undefined ? 1 : Number(values.schedules ?? (values.seconds ? Infinity : 200));
const end = performance.now() + 1000 * seconds;
const totals = { schedules: 0, records: 0, handedOn: 0, duplicates: 0 };

for (let n = 0; n < most && performance.now() < end; n++) {
  const schedule = drawSchedule(firstSeed + n);
  if (onlySeed !== undefined) console.log(JSON.stringify(schedule, undefined, 1));
  const { problems, records, handedOn, duplicates } = await runSchedule(schedule);
  const { keyed, idempotent, brokers, partitions, overflow, spool, hasMissingTopic, steps } = schedule;
  const shape = `${brokers} brokers, ${partitions} partitions${keyed ? ', keyed' : ''}${idempotent ? ', idempotent' : ''}`;
  const exits = steps.filter((step) => step.do === 'exit').map(({ how }) => how);
  const ends = spool === 'none' ? '' : `, spool '${spool}' and ${exits.join(', ')}`;
  const policy = overflow === 'drop-oldest' ? '' : `, ${overflow}`;
  const missing = hasMissingTopic ? ', a missing topic' : '';
  const figures = `${records} records, ${handedOn} handed on, ${duplicates} duplicates`;
  console.log(`seed ${schedule.seed}: ${shape}${policy}${ends}${missing}; ${figures}`);
  totals.schedules++;
  totals.records += records;
  totals.handedOn += handedOn;
  totals.duplicates += duplicates;
  if (problems.length === 0) continue;
  console.error(`seed ${schedule.seed} went wrong: ${problems.join('; ')}`);
  console.error(`again: npm run soak -- --seed ${schedule.seed}`);
  process.exitCode = 1;
  break;
}
const { schedules, records, handedOn, duplicates } = totals;
console.log(`${schedules} schedules, ${records} records: ${handedOn} handed on, ${duplicates} duplicates`);

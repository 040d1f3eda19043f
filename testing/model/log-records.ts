// What a process logs in a step of the model.
import type { LoggedRecord } from './logged-records.ts';
import type { ModelProcess } from './process.ts';
import { KEYS, type Shape, type StepOf } from './steps.ts';
import type { ModelWorld } from './world.ts';

type LoggedContent = Pick<LoggedRecord, 'topic' | 'key' | 'requested' | 'mark'> & { readonly size: number };

export function logRecords(world: ModelWorld, step: StepOf<'log'>): void {
  const { records, topics, keys, partition, size, mark } = step;
  for (let n = 0; n < records; n++) {
    const hasKey = keys === 'all' || (keys === 'some' && n % 3 > 0);
    const id = world.records.count;
    log(world, world.process(step.slot), {
      topic: topics[n % topics.length] as string,
      key: hasKey ? (KEYS[(id * 7) % KEYS.length] as string) : null,
      requested: requestedPartition(world.shape, partition),
      // Some of them only.
      mark: n % 7 === 3 ? mark : '',
      size: n % 5 === 2 ? size : 0,
    });
  }
}

function log(world: ModelWorld, process: ModelProcess, { size, ...content }: LoggedContent): void {
  const { topic, key, requested, mark } = content;
  const id = world.records.count;
  const text = `${id} ${mark} ${'x'.repeat(size)}`;
  world.records.add({
    ...content,
    id,
    bytes: text.length + (key?.length ?? 0),
    life: `${process.name}/${process.life}`,
    process: process.name,
    mayBeLost: false,
    dropped: undefined,
  });
  const time = process.clock.wall();
  const fields = { topic, key, text, time, level: 'info', severity: id % 4, requestedPartition: requested };
  process.clock.run(() => process.add(fields));
  world.checkProcess(process, `after record ${id}`);
}

function requestedPartition(
  { client, partitions }: Shape,
  partition: number | undefined,
): number | undefined {
  // Each that is missing is found out in 32 attempts where a producer was handed in: all of them would take hours.
  const isOwn = client === 'own' || client === 'idempotent';
  return isOwn || partition === undefined ? partition : partition % partitions;
}

// What each step of a model does.
import type { ModelBroker } from './broker.ts';
import { logRecords } from './log-records.ts';
import { MAX_PARTITIONS, type Step } from './steps.ts';
import type { ModelWorld } from './world.ts';

export async function takeStep(world: ModelWorld, step: Step): Promise<void> {
  const { broker, disk } = world;
  switch (step.do) {
    case 'log':
      return logRecords(world, step);
    case 'pass':
      return await world.pass(step.ms);
    case 'flush':
      return void world.flush(world.process(step.slot), step.timeoutMs);
    case 'signal':
      return world.in(step.slot, ({ lifecycle }) => lifecycle.flushUnlessDown(5_000));
    case 'release':
      return world.in(step.slot, ({ lifecycle }) => lifecycle.disconnect());
    case 'close':
      return world.close(world.process(step.slot));
    case 'reopen':
      return world.in(step.slot, (process) => process.reopen());
    case 'giveUp':
      return world.in(step.slot, ({ lifecycle }) => lifecycle.giveUp());
    case 'survive':
      return world.in(step.slot, (process) => process.survive());
    case 'exit':
      return world.exit(step.slot);
    case 'crash':
      return world.crash(step.slot);
    case 'diskFault':
      return disk.fail(step.what, step.times);
    case 'diskFull':
      return disk.fill(step.room);
    case 'diskMended':
      return disk.mend();
    case 'registry':
      world.registry.state = step.is;
      return;
    case 'clockSet':
      world.clock.wallOffset += step.by;
      return;
    default:
      takeStepOfKafka(broker, step);
  }
}

function takeStepOfKafka(broker: ModelBroker, step: Step): void {
  switch (step.do) {
    case 'misbehave':
      broker.misbehave(step.what, step.times, step.topic);
      return;
    case 'connects':
      broker.connects = step.how;
      return;
    case 'closes':
      broker.closes = step.how;
      return;
    case 'latency':
      broker.latency = step.ms;
      return;
    case 'topic':
      broker.topic(step.topic)[step.what] = step.is;
      return;
    case 'partition': {
      const partitions = broker.topic(step.topic)[step.what];
      if (step.is) partitions.add(step.partition);
      else partitions.delete(step.partition);
      return;
    }
    case 'partitions': {
      const topic = broker.topic(step.topic);
      topic.partitions = Math.max(1, Math.min(MAX_PARTITIONS, topic.partitions + step.by));
      return;
    }
    case 'heal':
      broker.heal();
  }
}

import { once } from 'node:events';
import { MODE_NAMES, openOurs, quietKafka } from '../measure/targets.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const BARE_KAFKAJS = 'bare kafkajs';

export const startUp: Scenario = {
  name: 'start-up',
  title: 'Start-up',
  about:
    'From before the `import` of the library and its client to the acknowledgement of the first record, the linger of 20 ms included. winston is there already.',
  rounds: 7,
  variants: [BARE_KAFKAJS, ...MODE_NAMES],
  figures: {
    importMs: { title: 'import, ms', digits: 0 },
    firstMs: { title: 'first acknowledgement, ms', digits: 0 },
  },
  limits: [
    {
      title: "first acknowledgement, in process, beyond bare kafkajs's",
      figure: 'firstMs',
      of: 'in process',
      without: BARE_KAFKAJS,
      atMost: 30,
      unit: 'ms',
    },
    {
      title: "first acknowledgement, `worker: true`, beyond bare kafkajs's",
      figure: 'firstMs',
      of: 'worker',
      without: BARE_KAFKAJS,
      atMost: 100,
      unit: 'ms',
    },
  ],
  async measure(variant: string, place: Place): Promise<Figures> {
    const startedAt = performance.now();
    if (variant === BARE_KAFKAJS) {
      const { Kafka, Partitioners } = await import('kafkajs');
      const importMs = performance.now() - startedAt;
      const producer = new Kafka(quietKafka(place)).producer({
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      await producer.send({ topic: place.topic, messages: [{ value: 'first' }] });
      return { importMs, firstMs: performance.now() - startedAt };
    }
    await import('winston-kafkajs');
    const importMs = performance.now() - startedAt;
    const { loggerTo, logMany } = await import('../measure/load.ts');
    const transport = await openOurs(variant, place);
    const acknowledged = once(transport, 'logged');
    logMany(loggerTo(transport), 1);
    await acknowledged;
    return { importMs, firstMs: performance.now() - startedAt };
  },
};

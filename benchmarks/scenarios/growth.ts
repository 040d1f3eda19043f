import { loggerTo, logMany, nextTurn } from '../measure/load.ts';
import { IN_VAIN, MODE_NAMES, openOurs } from '../measure/targets.ts';
import { threadMicros } from '../measure/thread-time.ts';
import type { Figures, Scenario } from '../scenario.ts';

const FEW = 10_000;
const MANY = 1_000_000;
const PER_TURN = 1_000;
// So often for the few: a single time is over before it can be measured.
const REPEATS = 10;

export const growth: Scenario = {
  name: 'growth',
  title: 'From ten thousand records to a million',
  about: `CPU time of the main thread per record while no broker is there, with the default buffer of 100,000 records: the first ${FEW.toLocaleString('en')} find room, of the ${MANY.toLocaleString('en')} all later ones shed an older one each. After warming up; the ${FEW.toLocaleString('en')} are the mean of ${REPEATS} transports.`,
  rounds: 5,
  variants: MODE_NAMES,
  figures: {
    fewMicros: { title: '10,000: µs per record', digits: 2 },
    manyMicros: { title: '1,000,000: µs per record', digits: 2 },
  },
  limits: MODE_NAMES.map((of) => ({
    title: `cost per record, 1,000,000 over 10,000 (${of})`,
    figure: 'manyMicros',
    of,
    overFigure: 'fewMicros',
    atMost: 1.1,
    unit: '×',
  })),
  async measure(variant: string): Promise<Figures> {
    const open = () =>
      openOurs(variant, { brokers: ['127.0.0.1:1'], topic: 'growth' }, { ...IN_VAIN, dropNotice: false });
    await micros(loggerTo(await open()), 3 * FEW);
    let few = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) few += await micros(loggerTo(await open()), FEW);
    const many = await micros(loggerTo(await open()), MANY);
    return { fewMicros: few / (REPEATS * FEW), manyMicros: many / MANY };
  },
};

async function micros(logger: ReturnType<typeof loggerTo>, records: number): Promise<number> {
  const before = threadMicros();
  for (let logged = 0; logged < records; logged += PER_TURN) {
    logMany(logger, PER_TURN);
    await nextTurn();
  }
  return threadMicros() - before;
}

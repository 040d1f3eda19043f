import type TransportStream from 'winston-transport';
import { loggerTo, logMany, nextTurn, until } from '../measure/load.ts';
import { heldMiB, residentMiB } from '../measure/memory.ts';
import { DoesNothing, KeepsNewest } from '../measure/peers.ts';
import { FLOOR, IN_VAIN, MODE_NAMES, openOurs } from '../measure/targets.ts';
import type { Figures, Scenario } from '../scenario.ts';

const RECORDS = 1_000_000;
const PER_TURN = 1_000;
const WARM_UP = 50_000;
const MAX_BYTES = 16 * 2 ** 20;

const RING = 'keeps the newest 16 MiB of text';

export const outageMemory: Scenario = {
  name: 'outage-memory',
  title: 'Memory in an outage',
  about: `${RECORDS.toLocaleString('en')} records while no broker is there, with \`buffer.maxBytes\` of 16 MiB (some 63,000 records) and \`drop-oldest\`. "Held" is what the garbage collector leaves, "resident" the process's memory at its highest; both without what they were once the outage had begun (the client, and with a worker its thread, are there by then) and winston had been warmed up with ${WARM_UP.toLocaleString('en')} records. How much garbage V8 lets lie in the meantime is its own decision, and goes by what it has to keep: it is what "resident" is mostly about, also of a plain array of as much text.`,
  rounds: 2,
  variants: [FLOOR, RING, ...MODE_NAMES],
  figures: {
    heldGrowth: { title: 'held, growth in MiB', digits: 1 },
    residentGrowth: { title: 'resident, growth in MiB', digits: 1 },
  },
  limits: MODE_NAMES.flatMap((of) =>
    ['heldGrowth', 'residentGrowth'].map((figure) => ({
      title: `memory growth (${figure === 'heldGrowth' ? 'held' : 'resident'}) in an outage of ${RECORDS.toLocaleString('en')} records, \`maxBytes\` 16 MiB (${of})`,
      figure,
      of,
      atMost: 40,
      unit: 'MiB',
    })),
  ),
  async measure(variant: string): Promise<Figures> {
    const transport = await open(variant);
    const logger = loggerTo(transport);
    const warm = loggerTo(new DoesNothing());
    await logInTurns(() => logMany(warm, PER_TURN), WARM_UP);
    const heldBefore = heldMiB();
    const residentBefore = residentMiB();
    let peak = residentBefore;
    await logInTurns(() => {
      logMany(logger, PER_TURN);
      peak = Math.max(peak, residentMiB());
    }, RECORDS);
    return { heldGrowth: heldMiB() - heldBefore, residentGrowth: peak - residentBefore };
  },
};

async function open(variant: string): Promise<TransportStream> {
  if (variant === FLOOR) return new DoesNothing();
  if (variant === RING) return new KeepsNewest(MAX_BYTES);
  const nowhere = { brokers: ['127.0.0.1:1'], topic: 'outage' };
  const transport = await openOurs(variant, nowhere, { ...IN_VAIN, buffer: { maxBytes: MAX_BYTES } });
  logMany(loggerTo(transport), 1);
  await until(() => transport.stats().lastError !== null);
  return transport;
}

async function logInTurns(turn: () => void, records: number): Promise<void> {
  for (let logged = 0; logged < records; logged += PER_TURN) {
    turn();
    await nextTurn();
  }
}

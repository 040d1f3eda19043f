import { loggerTo, logMany, nextTurn, sleep, until } from '../measure/load.ts';
import { heldMiB } from '../measure/memory.ts';
import { MODE_NAMES, openOurs } from '../measure/targets.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const OUTAGES = 10;
const OUTAGE_MS = 500;
const RECORDS = 20_000;
const PER_TURN = 500;

const calm = (mode: string): string => `${mode}, without outages`;

export const tenOutages: Scenario = {
  name: 'ten-outages',
  title: 'The heap over ten outages',
  about: `Ten times: the broker is frozen for ${OUTAGE_MS} ms (requests time out after 200 ms, and clients are replaced), ${RECORDS.toLocaleString('en')} records are logged meanwhile and delivered afterwards, and the garbage collector runs. The growth is from the second time to the tenth; the same without outages shows the noise.`,
  rounds: 5,
  variants: MODE_NAMES.flatMap((mode) => [mode, calm(mode)]),
  figures: {
    growthKiB: { title: 'growth of the heap, KiB', digits: 0 },
    newClients: { title: 'clients replaced', digits: 0 },
  },
  limits: MODE_NAMES.map((of) => ({
    title: `growth of the heap over ten outages, beyond that without outages (${of})`,
    figure: 'growthKiB',
    of,
    without: calm(of),
    atMost: 512,
    unit: 'KiB',
  })),
  async measure(variant: string, place: Place): Promise<Figures> {
    const mode = MODE_NAMES.find((name) => variant === name || variant === calm(name)) ?? '';
    const transport = await openOurs(mode, place, { requestTimeoutMs: 200, retry: { maxMs: 100 } });
    transport.on('warn', () => undefined);
    const logger = loggerTo(transport);
    logMany(logger, 1);
    await transport.flush();
    let second = 0;
    for (let outage = 1; outage <= OUTAGES; outage++) {
      if (variant === mode) await place.hold(true);
      const { accepted } = transport.stats();
      for (let logged = 0; logged < RECORDS; logged += PER_TURN) {
        logMany(logger, PER_TURN);
        await nextTurn();
      }
      if (variant === mode) {
        await sleep(OUTAGE_MS);
        await place.hold(false);
      }
      await until(() => transport.stats().delivered >= accepted + RECORDS);
      if (outage === 2) second = heldMiB();
    }
    return { growthKiB: (heldMiB() - second) * 1024, newClients: transport.stats().reconnects };
  },
};

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { heldMiB, residentMiB } from '../measure/memory.ts';
import { MODE_NAMES, openOurs } from '../measure/targets.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const TRANSPORTS = 50;
const ISOLATED = 'isolate: true';

export const manyTransports: Scenario = {
  name: 'many-transports',
  title: `${TRANSPORTS} transports`,
  about: `${TRANSPORTS} transports with the same \`kafka\`, a topic and a logger each, get one record each in one turn of the event loop. From before the first of them is made; winston and the library are there already. Threads, sockets and resident memory are what is there beyond that when all have been acknowledged (Linux only).`,
  rounds: 5,
  topics: TRANSPORTS,
  variants: MODE_NAMES.flatMap((mode) => [mode, `${mode}, ${ISOLATED}`]),
  figures: {
    firstMs: { title: 'first acknowledgement, ms', digits: 0 },
    lastMs: { title: 'last acknowledgement, ms', digits: 0 },
    threads: { title: 'threads', digits: 0 },
    sockets: { title: 'sockets', digits: 0 },
    residentMiB: { title: 'resident, growth in MiB', digits: 1 },
  },
  limits: [
    { title: 'sockets (in process)', figure: 'sockets', of: 'in process', atMost: 3, unit: '' },
    {
      title: 'first acknowledgement (in process)',
      figure: 'firstMs',
      of: 'in process',
      atMost: 300,
      unit: 'ms',
    },
    { title: 'threads (worker)', figure: 'threads', of: 'worker', atMost: 3, unit: '' },
    { title: 'resident memory (worker)', figure: 'residentMiB', of: 'worker', atMost: 60, unit: 'MiB' },
    { title: 'first acknowledgement (worker)', figure: 'firstMs', of: 'worker', atMost: 500, unit: 'ms' },
  ].map((limit) => ({ ...limit, title: `${TRANSPORTS} transports: ${limit.title}` })),
  async measure(variant: string, place: Place): Promise<Figures> {
    const { loggerTo, logMany } = await import('../measure/load.ts');
    await import('winston-kafkajs');
    heldMiB();
    const before = { threads: threads(), sockets: sockets(), resident: residentMiB() };
    const startedAt = performance.now();
    const [mode = ''] = variant.split(',');
    const options = { isolate: variant.endsWith(ISOLATED) };
    const acknowledged: Promise<unknown>[] = [];
    for (let at = 0; at < TRANSPORTS; at++) {
      const transport = await openOurs(mode, { ...place, topic: `${place.topic}-${at}` }, options);
      acknowledged.push(once(transport, 'logged'));
      logMany(loggerTo(transport), 1);
    }
    await Promise.race(acknowledged);
    const firstMs = performance.now() - startedAt;
    await Promise.all(acknowledged);
    return {
      firstMs,
      lastMs: performance.now() - startedAt,
      threads: threads() - before.threads,
      sockets: sockets() - before.sockets,
      residentMiB: residentMiB() - before.resident,
    };
  },
};

function threads(): number {
  return readdirSync('/proc/self/task').length;
}

function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith('socket:')).length;
}

/** The descriptor by which the directory was read is gone by then. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

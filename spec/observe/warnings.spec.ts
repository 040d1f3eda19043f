import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import { systemClock } from '../../lib/util/clock.ts';

it.each<[number, string | undefined, 'none' | 'written' | 'unwritten', string, boolean?]>([
  [
    1,
    undefined,
    'none',
    '1 record (there was no time to send them). It is lost. Await transport.flush() before process.exit(), or raise closeTimeoutMs.',
  ],
  [
    2,
    undefined,
    'none',
    '2 records (there was no time to send them). They are lost. In a handler of the signal, stop what logs, then await transport.close().',
    true,
  ],
  [
    12,
    'connect ECONNREFUSED',
    'none',
    '12 records (connect ECONNREFUSED). They are lost. A spool or a fallback would keep them.',
  ],
  [2, 'not authorized', 'written', '2 records (not authorized). The fallback has got them.'],
  [
    2,
    'not authorized',
    'unwritten',
    '2 records (not authorized). The fallback has got them; what it has not written when the process ends is lost.',
  ],
])(
  'the end with %i records left (%s; fallback: %s) is one line on the console',
  (count, why, fallback, said, isBySignal = false) => {
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    new Warnings(new EventEmitter(), systemClock).lostAtExit(count, why, fallback, isBySignal);
    expect(print.mock.calls).toEqual([[expect.stringContaining(`before Kafka has got ${said}`)]]);
    print.mockRestore();
  },
);

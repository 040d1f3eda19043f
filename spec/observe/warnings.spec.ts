import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import { systemClock } from '../../lib/util/clock.ts';
import { HeldClock } from '../sender/rig.ts';

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
    '2 records (there was no time to send them). They are lost. In a handler of the signal, stop the parts that log, then await transport.close().',
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

/** How often a listener hears of topics that wait on disk. */
function listening() {
  const clock = new HeldClock();
  const emitter = new EventEmitter();
  let heard = 0;
  emitter.on('warn', () => heard++);
  const warnings = new Warnings(emitter, clock);
  const tell = (topic: string): void =>
    warnings.held({ topic, partition: undefined, cause: new Error('no') });
  return { clock, tell, heard: () => heard };
}

it('tells of one kind once a minute', () => {
  const { clock, tell, heard } = listening();
  tell('a');
  clock.now = 59_999;
  tell('a');
  expect(heard()).toBe(1);
  clock.now = 60_000;
  tell('a');
  expect(heard()).toBe(2);
});

it('remembers 1,000 kinds, and tells of all again when one more comes', () => {
  const { tell, heard } = listening();
  for (let at = 0; at < 1_000; at++) tell(`topic ${at}`);
  tell('topic 0');
  expect(heard()).toBe(1_000);
  tell('one more');
  tell('topic 0');
  expect(heard()).toBe(1_002);
});

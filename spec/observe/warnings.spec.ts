import { EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import { systemClock } from '../../lib/time/clock.ts';
import { HeldClock } from '../sender/rig.ts';

it.each<[number, string | undefined, 'none' | 'written' | 'unwritten', string, boolean?, boolean?]>([
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
  [
    1,
    'the registry is away',
    'none',
    '1 record (the registry is away). It is lost. A fallback would keep it: the spool takes no record that waits for serialize.',
    false,
    true,
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
  (count, why, fallback, said, isBySignal = false, hasSpool = false) => {
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    new Warnings(new EventEmitter(), systemClock).lostAtExit(count, why, fallback, isBySignal, hasSpool);
    expect(print.mock.calls).toEqual([[expect.stringContaining(`before Kafka has got ${said}`)]]);
    print.mockRestore();
  },
);

it('the end by an uncaught exception was told to await a flush before process.exit(), which nobody had called', () => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const { exitCode } = process;
  onTestFinished(() => {
    process.exitCode = exitCode;
    print.mockRestore();
  });
  const warnings = new Warnings(new EventEmitter(), systemClock);
  for (const code of [1, 0]) {
    process.exitCode = code;
    warnings.lostAtExit(1, undefined, 'none', false, false);
  }
  const advice = 'Await transport.flush() before process.exit(), or raise closeTimeoutMs.';
  expect(print.mock.calls).toEqual([
    [
      expect.stringContaining(
        `${advice} After an uncaught exception there is time only with handleExceptions: true.`,
      ),
    ],
    [expect.stringMatching(/raise closeTimeoutMs\.$/)],
  ]);
});

it('the end with a spool that had failed was told that a spool would keep the records', () => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  onTestFinished(() => print.mockRestore());
  const warnings = new Warnings(new EventEmitter(), systemClock);
  for (const cause of ['EACCES', 'ENOSPC: no space left on device']) warnings.spoolFailed(new Error(cause));
  for (const why of ['connect ECONNREFUSED', undefined]) warnings.lostAtExit(2, why, 'none', false, false);
  const said = 'They are lost. The spool could not take them (ENOSPC: no space left on device).';
  expect(print.mock.calls).toEqual([[expect.stringContaining(said)], [expect.stringContaining(said)]]);
  // One that had passed when they were given up has not kept them from it.
  warnings.onGiveUp();
  warnings.lostAtExit(2, undefined, 'none', false, false);
  expect(print.mock.calls.at(-1)).not.toEqual([expect.stringContaining('The spool could not')]);
});

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

it('lost what was held at the end of the process, where that was begun a second time', () => {
  const { emitter, texts } = told();
  const warnings = new Warnings(emitter, new HeldClock());
  warnings.defer();
  warnings.dropped('closed', 'logs', undefined, true);
  warnings.defer();
  expect(texts).toEqual([]);
  warnings.emitDeferred();
  expect(texts).toHaveLength(1);
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

describe('on the console, too,', () => {
  /** What is printed of what is told, at once and when the turn has ended. */
  async function printed(tell: (warnings: Warnings) => void): Promise<[number, number]> {
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    const clock = new HeldClock();
    tell(new Warnings(new EventEmitter(), clock));
    const atOnce = print.mock.calls.length;
    await clock.settle();
    const inAll = print.mock.calls.length;
    print.mockRestore();
    return [atOnce, inAll];
  }

  it('it tells of dropped records, unless a fallback has them', async () => {
    expect(await printed((warnings) => warnings.dropped('overflow', 'logs', undefined))).toEqual([1, 1]);
    expect(await printed((warnings) => warnings.dropped('overflow', 'logs', undefined, true))).toEqual([
      0, 0,
    ]);
  });

  it('it tells of those that were given up at a close, unless the process ends, which has a line of its own', async () => {
    expect(await printed((warnings) => warnings.dropped('closed', 'logs', undefined))).toEqual([0, 1]);
    expect(
      await printed((warnings) => {
        warnings.dropped('closed', 'logs', undefined);
        warnings.lostAtExit(1, undefined, 'none', false, false);
      }),
    ).toEqual([1, 1]);
  });

  it('it tells how many were given up at a close, all of that turn, those without that a fallback has', async () => {
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    const clock = new HeldClock();
    const warnings = new Warnings(new EventEmitter(), clock);
    for (const isHandedOn of [true, false, false, false])
      warnings.dropped('closed', 'logs', undefined, isHandedOn);
    await clock.settle();
    const lines = print.mock.calls.map(([line]) => String(line));
    print.mockRestore();
    expect(lines).toEqual([
      expect.stringContaining(
        'winston-kafkajs has dropped 3 records: the transport was closed before Kafka had them.',
      ),
    ]);
  });

  // Each turn that is asked for brings the next `beforeExit`: an application that logs there never ended.
  it('and keeps no process alive that logs again each time', async () => {
    const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
    const clock = new HeldClock();
    const turns = vi.spyOn(clock, 'soon');
    const warnings = new Warnings(new EventEmitter(), clock);
    for (let n = 0; n < 3; n++) {
      warnings.dropped('closed', 'logs', undefined);
      await clock.settle();
    }
    print.mockRestore();
    expect(turns).toHaveBeenCalledTimes(1);
  });

  it('it tells of a fallback that fails, and of no other function', async () => {
    const error = new Error('no');
    expect(await printed((warnings) => warnings.callbackFailed('fallback', error, 'gone'))).toEqual([1, 1]);
    expect(await printed((warnings) => warnings.callbackFailed('key', error, 'no key'))).toEqual([0, 0]);
  });
});

it('names what a function has returned where that is a topic, and no key', () => {
  const { emitter, texts } = told();
  const warnings = new Warnings(emitter, new HeldClock());
  warnings.invalidReturn('topic', 'a name', 'two words', 'dropped');
  warnings.invalidReturn('key', 'a text', 'a secret', 'sent without');
  expect(texts[0]).toMatch('but returned "two words"; dropped');
  expect(texts[1]).toMatch('but returned a value of type string; sent without');
});

it('names the topic of a send that was refused, and none where Kafka cannot be reached', () => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  onTestFinished(() => print.mockRestore());
  const { emitter, texts } = told();
  for (const isUnreachable of [true, false])
    new Warnings(emitter, new HeldClock()).outage(new Error('no'), isUnreachable, 'logs');
  expect(texts[0]).not.toMatch('logs');
  expect(texts[1]).toMatch('cannot deliver to Kafka: no (topic "logs").');
});

function told(): { emitter: EventEmitter; texts: string[] } {
  const texts: string[] = [];
  const emitter = new EventEmitter().on('warn', ({ message }) => texts.push(message));
  return { emitter, texts };
}

// While records wait, they stand in memory in another form than they came in. Whatever is in them has to come out of it.
import { expect, it } from 'vitest';
import type { Undelivered } from '../../../lib/index.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, expectNoUnhandledRejection, turn, untilDown } from './rig.ts';

const CONTENTS = [
  '',
  'plain',
  'ümläut',
  'ключ',
  '鍵 🗝️',
  'half a pair \ud800 of surrogates',
  '\u0000\u007f\u0080\u00ff',
  'x'.repeat(700),
  '長'.repeat(700),
  'longer than any page '.repeat(2_000),
];

const textOf = (n: number): string => `${n}: ${CONTENTS[n % CONTENTS.length]}`;

const keyOf = (text: string): string | Buffer | null => {
  const n = Number.parseInt(text, 10);
  return n % 7 === 0 ? `key ${n}` : n % 7 === 1 ? Buffer.from([0xff, n % 256]) : null;
};

const headersOf = (text: string): Record<string, string | Buffer> | undefined => {
  const n = Number.parseInt(text, 10);
  return n % 5 === 0 ? { n: String(n), ['__proto__']: Buffer.from([n % 256]) } : undefined;
};

it.each(['drop-oldest', 'drop-lowest'] as const)(
  'every kind of record arrives, or is handed on, as it was logged, before, in and after an outage (%s)',
  async (overflow) => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const undelivered: Undelivered[] = [];
    const transport = transportTo(cluster, {
      key: ({ message }) => keyOf(message),
      headers: ({ message }) => headersOf(message),
      buffer: { maxRecords: 2_000, overflow },
      fallback: (record) => undelivered.push(record),
      dropNotice: false,
      loopDetection: false,
    });
    const logger = loggerWith(transport);
    let logged = 0;
    const log = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        logger.info(textOf(logged++));
        if (n % 100 === 0) await turn();
      }
    };
    await log(500);
    await expectFlushed(transport, 500);
    await cluster.down();
    await log(1);
    await untilDown(transport);
    // Nothing is in flight now: the oldest give way.
    await log(2_999);
    await cluster.up();
    await transport.flush(Infinity);
    await log(500);
    await transport.flush(Infinity);
    expect(transport.stats()).toMatchObject({ delivered: 3_000, dropped: { overflow: 1_000 } });
    expectLaw(transport);

    const lost = Array.from({ length: 1_000 }, (_, n) => textOf(500 + n));
    expect(undelivered.map(({ message }) => message)).toEqual(lost);
    expect(undelivered.map(({ key }) => key)).toEqual(lost.map(keyOf));
    expect(undelivered.map(({ headers }) => Object.entries(headers ?? {}))).toEqual(
      lost.map((text) => Object.entries(headersOf(text) ?? {})),
    );
    const left = Array.from({ length: logged }, (_, n) => n).filter((n) => n < 500 || n >= 1_500);
    // Records with and without key may overtake each other.
    const numberIn = ({ value }: { value: Buffer }): number => Number.parseInt(value.toString(), 10);
    const arrived = [...cluster.records(TOPIC)].sort((a, b) => numberIn(a) - numberIn(b));
    expect(arrived.length).toBe(left.length);
    for (const [at, n] of left.entries()) {
      const text = textOf(n);
      const { value, key, headers } = arrived[at] ?? {};
      expect(value?.equals(Buffer.from(text))).toBe(true);
      const keyBytes = keyOf(text);
      expect(key ?? null).toEqual(keyBytes === null ? null : Buffer.from(keyBytes as string));
      expect(Object.keys(headers ?? {})).toEqual(Object.keys(headersOf(text) ?? {}));
    }
  },
);

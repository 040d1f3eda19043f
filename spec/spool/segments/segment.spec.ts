// One file of records, whole and damaged. The damage is done by hand: what a crash, a bad disk or an editor leaves.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { Segment } from '../../../lib/spool/segments/segment.ts';
import { directoryOfSpec, recordWith } from '../rig.ts';

const NAME = '0000000000000001-0000000000000001-0badcafe';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-segment-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const path = (end: string): string => join(directory, `${NAME}.${end}`);

function fresh(): Segment {
  for (const end of ['seg', 'ack']) rmSync(path(end), { force: true });
  return new Segment(directory, NAME).create();
}

/** Writes records, one write each, and says where each stands. */
function written(
  records: readonly PendingRecord[],
  settled: readonly number[] = [],
): { from: number; to: number }[] {
  const segment = fresh();
  const places = records.map((record) => {
    const from = segment.bytes;
    segment.append([record], false);
    return { from, to: segment.bytes };
  });
  const done = settled.flatMap((at) => records[at]?.spoolPosition ?? []);
  if (done.length > 0) segment.settle(done);
  segment.close();
  return places;
}

function readBack(): { texts: string[]; damages: number; records: PendingRecord[] } {
  const segment = new Segment(directory, NAME);
  const damages = segment.adopt();
  const records: PendingRecord[] = [];
  for (let next = segment.take(); next !== undefined; next = segment.take()) records.push(next);
  segment.close();
  return { texts: records.map(({ text }) => text), damages, records };
}

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const value = fc.oneof(fc.string({ unit: 'grapheme' }), bytes);
const anyRecord = fc
  .record({
    text: fc.oneof(
      fc.string({ unit: 'binary' }).map(wellFormed),
      fc.string({ minLength: 100, maxLength: 500 }),
    ),
    key: fc.option(value, { nil: null }),
    headers: fc.option(fc.dictionary(fc.string(), value), { nil: undefined }),
  })
  .map(({ text, ...parts }) => recordWith(text, parts));

/** Lone surrogates would not reach Kafka either: they have no UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

it('what is read is what was written', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      written(records);
      const { records: read, damages } = readBack();
      const fieldsOf = ({ text, topic, level, severity, time, key, headers, bytes: size }: PendingRecord) => [
        ...[text, topic, level, severity, time, key, size],
        headers && Object.entries(headers),
      ];
      expect(read.map(fieldsOf)).toEqual(records.map(fieldsOf));
      expect(damages).toBe(0);
    }),
  );
});

describe('damage', () => {
  const texts = fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 30 });
  const numbered = (list: readonly string[]): PendingRecord[] =>
    list.map((text, at) => recordWith(`${at} ${text}`));

  it('bytes that are changed cost the records they are in, and no others', () => {
    const flips = fc.array(fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(texts, flips, (list, changes) => {
        const records = numbered(list);
        const places = written(records);
        const file = readFileSync(path('seg'));
        const whole = Buffer.from(file);
        for (const { at, by } of changes) file[at % file.length] = (file[at % file.length] ?? 0) ^ by;
        writeFileSync(path('seg'), file);
        const isWhole = ({ from, to }: { from: number; to: number }): boolean =>
          file.subarray(from, to).equals(whole.subarray(from, to));
        const { texts: read, damages } = readBack();
        expect(read).toEqual(
          records.filter((_, at) => isWhole(places[at] ?? { from: 0, to: 0 })).map(({ text }) => text),
        );
        expect(damages > 0).toBe(!file.equals(whole));
      }),
      { numRuns: 500 },
    );
  });

  it('a file that ends early has all up to there', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (list, cut) => {
        const records = numbered(list);
        const places = written(records);
        const file = readFileSync(path('seg'));
        const length = cut % file.length;
        writeFileSync(path('seg'), file.subarray(0, length));
        const { texts: read, damages } = readBack();
        expect(read).toEqual(
          records.filter((_, at) => (places[at]?.to ?? 0) <= length).map(({ text }) => text),
        );
        const isClean = length === 8 || places.some(({ to }) => to === length);
        expect(damages).toBe(isClean ? 0 : 1);
      }),
      { numRuns: 300 },
    );
  });

  it('rubbish between two frames, or instead of one, is passed over', () => {
    fc.assert(
      fc.property(
        texts,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        (list, where, rubbish) => {
          const records = numbered(list);
          const places = written(records);
          const file = readFileSync(path('seg'));
          const at = places[where % places.length]?.from ?? 0;
          writeFileSync(path('seg'), Buffer.concat([file.subarray(0, at), rubbish, file.subarray(at)]));
          expect(readBack()).toMatchObject({ texts: records.map(({ text }) => text), damages: 1 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('to the journal has records sent again, and none left out', () => {
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.nat(29), { maxLength: 20 }),
        fc.array(fc.nat()),
        fc.nat(),
        (list, done, flips, cut) => {
          const records = numbered(list);
          const settled = [...new Set(done)].filter((at) => at < records.length);
          written(records, settled);
          if (settled.length > 0) {
            const journal = readFileSync(path('ack'));
            for (const at of flips) journal[at % journal.length] = (journal[at % journal.length] ?? 0) ^ 1;
            writeFileSync(path('ack'), journal.subarray(0, cut % (journal.length + 1)));
          }
          const open = records.filter((_, at) => !settled.includes(at)).map(({ text }) => text);
          const { texts: read } = readBack();
          expect(read).toEqual(expect.arrayContaining(open));
          expect(new Set(read).size).toBe(read.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('those that are done with are not read again', () => {
    const records = numbered(['a', 'b', 'c', 'd']);
    written(records, [0, 2]);
    expect(readBack().texts).toEqual(['1 b', '3 d']);
    // Torn in the middle of an entry, and then continued.
    const journal = readFileSync(path('ack'));
    writeFileSync(path('ack'), journal.subarray(0, 18));
    const segment = new Segment(directory, NAME);
    segment.adopt();
    const next = segment.take();
    expect(next?.text).toBe('1 b');
    segment.settle(next?.spoolPosition ? [next.spoolPosition] : []);
    segment.close();
    expect(readBack().texts).toEqual(['2 c', '3 d']);
  });

  it('to the journal does not have another record taken for one that is done with', () => {
    const records = numbered(['a', 'b']);
    written(records, [0]);
    const journal = readFileSync(path('ack'));
    journal.writeUInt32LE(records[1]?.spoolPosition?.offset ?? 0, 0);
    writeFileSync(path('ack'), journal);
    expect(readBack().texts).toEqual(['0 a', '1 b']);
  });

  it('a frame that is whole, and is no record, is not taken for one', () => {
    written(numbered(['a', 'b']));
    const stranger = join(directoryOfSpec(), 'x');
    mkdirSync(stranger, { recursive: true });
    const other = new Segment(stranger, NAME).create();
    // The same salt: only the payload can tell.
    other.append([recordWith('x', { topic: 5 as unknown as string })], false);
    other.close();
    const frame = readFileSync(join(stranger, `${NAME}.seg`)).subarray(8);
    writeFileSync(path('seg'), Buffer.concat([readFileSync(path('seg')), frame]));
    expect(readBack().texts).toEqual(['0 a', '1 b']);
  });
});

describe('where records were sent', () => {
  const bound = (): { segment: Segment; records: PendingRecord[] } => {
    const segment = fresh();
    const records = ['a', 'b', 'c'].map((text) => recordWith(text));
    segment.append(records, true);
    const entriesOf = (of: readonly PendingRecord[], partition: number) =>
      of.map(({ spoolPosition }) => ({ offset: spoolPosition?.offset ?? 0, partition }));
    segment.bind(entriesOf(records.slice(0, 2), 3));
    // There is room for one entry each, and these are one too many.
    segment.bind(entriesOf(records.slice(0, 2), 4));
    segment.bind(entriesOf(records.slice(1, 2), 5));
    return { segment, records };
  };
  const partitions = (): (number | undefined)[] => readBack().records.map(({ partition }) => partition);

  it('is read again, the last of several', () => {
    bound().segment.close();
    expect(partitions()).toEqual([4, 5, undefined]);
  });

  it('is known of those that are left here while the segment is being read', () => {
    const segment = fresh();
    const [first, second, sent] = ['a', 'b', 'c'].map((text) => recordWith(text)) as [
      PendingRecord,
      PendingRecord,
      PendingRecord,
    ];
    segment.append([first, second], false);
    segment.append([sent], true);
    expect(segment.take()?.text).toBe('a');
    const { spoolPosition } = sent;
    if (spoolPosition === undefined) throw new Error('it was not written');
    segment.bind([{ offset: spoolPosition.offset, partition: 3 }]);
    segment.leave(spoolPosition);
    expect(segment.take()?.text).toBe('b');
    expect(segment.take()).toMatchObject({ text: 'c', partition: 3 });
    segment.close();
  });

  it('is forgotten where the journal is damaged', () => {
    bound().segment.close();
    const journal = readFileSync(path('ack'));
    journal.writeUInt8(9, 4);
    writeFileSync(path('ack'), journal);
    expect(partitions()).toEqual([undefined, 5, undefined]);
  });

  it('takes no more room than was set aside for it', () => {
    const { segment, records } = bound();
    segment.settle(records.slice(1).map(({ spoolPosition }) => ({ offset: spoolPosition?.offset ?? 0 })));
    segment.close();
    expect(statSync(path('seg')).size + statSync(path('ack')).size).toBeLessThanOrEqual(segment.size);
    expect(readBack().texts).toEqual(['a']);
  });

  it('is noted with each change of the partition, in that room', () => {
    const { segment, records } = bound();
    const [first, ...others] = records.map(({ spoolPosition }) => ({ offset: spoolPosition?.offset ?? 0 }));
    segment.settle(first === undefined ? [] : [first]);
    for (let partition = 0; partition < 10; partition++) {
      segment.bind(others.map(({ offset }) => ({ offset, partition })));
      expect(segment.bytes + statSync(path('ack')).size).toBeLessThanOrEqual(segment.size);
    }
    segment.close();
    expect(partitions()).toEqual([9, 9]);
    // The next process goes on where this one ended.
    const adopted = new Segment(directory, NAME);
    adopted.adopt();
    adopted.bind(others.map(({ offset }) => ({ offset, partition: 10 })));
    adopted.close();
    expect(partitions()).toEqual([10, 10]);
  });
});

it('frames of another segment, left on the disk from before, are not taken for its own', () => {
  written([recordWith('old')]);
  const old = readFileSync(path('seg'));
  const otherName = `${NAME.slice(0, -8)}12345678`;
  writeFileSync(join(directory, `${otherName}.seg`), old);
  const segment = new Segment(directory, otherName);
  expect(segment.adopt()).toBe(1);
  expect(segment.waiting).toBe(0);
  segment.remove();
});

import { describe, expect, it } from 'vitest';
import {
  ENTRY_BYTES,
  entriesIn,
  FILE_HEADER,
  FRAME_BYTES,
  FrameReader,
  frameOf,
  journalBytes,
} from '../../../lib/spool/segments/frames.ts';

const SALT = 0x1234_abcd;
const TEXTS = ['one', '', 'three'];
const OFFSETS = [8, 8 + 15, 8 + 15 + 12];

function segmentOf(texts: readonly string[], salt = SALT): Buffer {
  return Buffer.concat([FILE_HEADER, ...texts.map((text) => frameOf(Buffer.from(text), salt))]);
}

function read(bytes: Buffer, salt = SALT): { offsets: number[]; texts: string[]; damages: number } {
  const reader = new FrameReader(bytes, salt);
  const offsets: number[] = [];
  const texts: string[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    offsets.push(frame.offset);
    texts.push(frame.payload.toString());
  }
  return { offsets, texts, damages: reader.damages };
}

/** The same bytes, one of which is another. */
function withByte(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

describe('the frames of a segment', () => {
  it('are read as they were written', () => {
    expect(read(segmentOf(TEXTS))).toEqual({ offsets: OFFSETS, texts: TEXTS, damages: 0 });
    expect(read(segmentOf([]))).toEqual({ offsets: [], texts: [], damages: 0 });
    expect(frameOf(Buffer.from('one'), SALT)).toHaveLength(FRAME_BYTES + 3);
  });

  it.each([
    ['its mark', 0],
    ['its length', 4],
    ['its checksum', 8],
    ['its payload', 12],
  ])('are read up to and behind one with damage in %s', (_name, at) => {
    const first = withByte(segmentOf(TEXTS), 8 + at);
    expect(read(first)).toEqual({ offsets: OFFSETS.slice(1), texts: TEXTS.slice(1), damages: 1 });
    const second = withByte(segmentOf(TEXTS), 8 + 15 + Math.min(at, 11));
    expect(read(second)).toEqual({ offsets: [8, 35], texts: ['one', 'three'], damages: 1 });
  });

  it('that are damaged one behind the other count once, and others apart from them', () => {
    const bytes = segmentOf(['a', 'b', 'c', 'd']);
    const damaged = [12, 25, 51].reduce((changed, at) => withByte(changed, 8 + at), bytes);
    expect(read(damaged)).toMatchObject({ texts: ['c'], damages: 2 });
  });

  it('are read behind a header that is damaged', () => {
    expect(read(withByte(segmentOf(TEXTS), 0))).toEqual({ offsets: OFFSETS, texts: TEXTS, damages: 1 });
    expect(read(Buffer.alloc(0))).toEqual({ offsets: [], texts: [], damages: 1 });
  });

  it('end where the last is torn, wherever that is', () => {
    const whole = segmentOf(TEXTS);
    for (let length = (OFFSETS[2] ?? 0) + 1; length < whole.length; length++) {
      expect(read(whole.subarray(0, length)), `${length} bytes`).toMatchObject({
        texts: TEXTS.slice(0, 2),
        damages: 1,
      });
    }
  });

  it('of another segment do not pass for frames of this one', () => {
    expect(read(segmentOf(TEXTS), SALT + 1)).toMatchObject({ texts: [], damages: 1 });
  });
});

describe('the entries of a journal', () => {
  const ENTRIES = [
    { offset: 8, partition: 0 },
    { offset: 0xffff_fff0, partition: undefined },
    { offset: 23, partition: 0x7fff_ffff },
  ];

  it('are read as they were written', () => {
    const bytes = journalBytes(ENTRIES, SALT);
    expect(bytes).toHaveLength(3 * ENTRY_BYTES);
    expect([...entriesIn(bytes, SALT)]).toEqual(ENTRIES);
  });

  it('are left out where they are damaged, wherever that is, or torn', () => {
    const bytes = journalBytes(ENTRIES, SALT);
    for (let at = ENTRY_BYTES; at < 2 * ENTRY_BYTES; at++) {
      expect([...entriesIn(withByte(bytes, at), SALT)], `byte ${at}`).toEqual([ENTRIES[0], ENTRIES[2]]);
    }
    expect([...entriesIn(bytes.subarray(0, -1), SALT)]).toEqual(ENTRIES.slice(0, 2));
  });

  it('of another segment do not count', () => {
    expect([...entriesIn(journalBytes(ENTRIES, SALT), SALT + 1)]).toEqual([]);
  });
});

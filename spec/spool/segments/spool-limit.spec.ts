import { expect, it } from 'vitest';
import type { Segments } from '../../../lib/spool/segments/segments.ts';
import { SpoolLimit } from '../../../lib/spool/segments/spool-limit.ts';
import { recordOf } from '../../sender/rig.ts';

const MAX_BYTES = 1_000;
// The head of a new file.
const HEAD = 8;

/** A limit of 1,000 bytes, of which the files take so many. */
const limitWith = (bytes: number): SpoolLimit => new SpoolLimit(MAX_BYTES, { bytes } as Segments);

it('has room for a record with its frame, what JSON may add, two notes in the journal, and the head of a file', () => {
  const record = recordOf({ text: 'x'.repeat(100) });
  const size = HEAD + 12 + 128 + 2 * 12 + 100;
  expect(limitWith(MAX_BYTES - size).hasRoomFor([record], 'flowing')).toBe(true);
  expect(limitWith(MAX_BYTES - size + 1).hasRoomFor([record], 'flowing')).toBe(false);
});

it('needs no room for what is on disk', () => {
  const record = recordOf({ text: 'x'.repeat(MAX_BYTES) });
  expect(limitWith(0).hasRoomFor([record], 'flowing')).toBe(false);
  record.spoolPosition = { segment: 'a', offset: 0 };
  expect(limitWith(0).hasRoomFor([record], 'flowing')).toBe(true);
});

it.each([
  ['flowing', 1_000],
  ['held', 1_000],
  ['held-while-others-send', 750],
] as const)('lets records of a queue that is %s fill %i bytes of 1,000', (state, most) => {
  expect(limitWith(most - HEAD).hasRoomFor([], state)).toBe(true);
  expect(limitWith(most - HEAD + 1).hasRoomFor([], state)).toBe(false);
});

it('says that it is full, which option decides, and for whom the rest is kept', () => {
  const record = recordOf();
  expect(() => limitWith(0).check([record], 'held')).not.toThrow();
  expect(() => limitWith(MAX_BYTES).check([record], 'held')).toThrow(
    'the spool is full (spool.maxBytes is 1000)',
  );
  expect(() => limitWith(MAX_BYTES).check([record], 'held-while-others-send')).toThrow(
    'the spool is full (spool.maxBytes is 1000, and a quarter of it is kept for what can be sent)',
  );
});

import { mkdirSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { Segment } from '../../../lib/spool/segments/segment.ts';
import { Segments } from '../../../lib/spool/segments/segments.ts';
import { directoryOfSpec, recordWith } from '../rig.ts';

/** Segments with the names `<letter>-00000000`. */
function segmentsOf(...letters: string[]): { segments: Segments; of: (letter: string) => Segment } {
  const directory = directoryOfSpec();
  mkdirSync(directory);
  const segments = new Segments();
  const all = new Map<string, Segment>();
  for (const letter of letters) {
    const segment = new Segment(directory, `${letter}-00000000`).create();
    all.set(letter, segment);
    segments.add(segment);
  }
  onTestFinished(() => {
    for (const segment of all.values()) segment.close();
  });
  return {
    segments,
    of: (letter) => all.get(letter) ?? expect.unreachable(letter),
  };
}

it('are in the order of their names, whichever was added first', () => {
  const { segments, of } = segmentsOf('b', 'c', 'a');
  expect([...segments]).toEqual([of('a'), of('b'), of('c')]);
  expect(segments.named('b-00000000')).toBe(of('b'));
  expect(segments.named('d-00000000')).toBeUndefined();
});

it('count what they take on disk', () => {
  const { segments, of } = segmentsOf('a', 'b');
  const sum = (): number => [...segments].reduce((bytes, { size }) => bytes + size, 0);
  expect(segments.bytes).toBe(16);
  segments.append(of('a'), [recordWith('one'), recordWith('two')], false, false);
  expect(segments.bytes).toBeGreaterThan(100);
  expect(segments.bytes).toBe(sum());
  segments.delete(of('a'));
  // Once is enough.
  segments.delete(of('a'));
  expect(segments.bytes).toBe(8);
  expect([...segments]).toEqual([of('b')]);
  segments.clear();
  expect([segments.bytes, [...segments], segments.unread]).toEqual([0, [], undefined]);
});

it('are read oldest first, each to its end', () => {
  const { segments, of } = segmentsOf('a', 'b', 'c');
  expect(segments.unread).toBeUndefined();
  segments.append(of('c'), [recordWith('three')], false, false);
  segments.append(of('b'), [recordWith('one'), recordWith('two')], false, false);
  const texts: unknown[] = [];
  for (let next = segments.unread; next !== undefined; next = segments.unread) texts.push(next.take()?.text);
  expect(texts).toEqual(['one', 'two', 'three']);
});

it('are read on when one gets records, or another comes, after all were read', () => {
  const { segments, of } = segmentsOf('b');
  expect(segments.unread).toBeUndefined();
  segments.append(of('b'), [recordWith('one')], false, false);
  expect(segments.unread).toBe(of('b'));
  segments.unread?.take();
  expect(segments.unread).toBeUndefined();
  const { of: other } = segmentsOf('a');
  other('a').append([recordWith('two')], false);
  segments.add(other('a'));
  expect(segments.unread).toBe(other('a'));
});

it('that memory keeps, or that were passed over, are not read before they are begun anew with', () => {
  const { segments, of } = segmentsOf('a');
  segments.append(of('a'), [recordWith('kept')], true, false);
  segments.append(of('a'), [recordWith('passed over')], false, true);
  expect(segments.unread).toBeUndefined();
  segments.beginAnew();
  expect(segments.unread?.take()?.text).toBe('passed over');
});

it('one that is deleted while it is read is not read on', () => {
  const { segments, of } = segmentsOf('a', 'b');
  for (const letter of ['a', 'b']) segments.append(of(letter), [recordWith(letter)], false, false);
  expect(segments.unread).toBe(of('a'));
  segments.delete(of('a'));
  expect(segments.unread).toBe(of('b'));
});

it('have the entries of records, each for the segment where it stands', () => {
  const { segments, of } = segmentsOf('a', 'b');
  const [one, two, three, gone, never] = ['one', 'two', 'three', 'gone', 'never'].map((text) =>
    recordWith(text),
  );
  if (!one || !two || !three || !gone || !never) throw new Error('five');
  segments.append(of('a'), [one, three], true, false);
  segments.append(of('b'), [two], true, false);
  two.partition = 5;
  gone.spoolPosition = { segment: 'c-00000000', offset: 8 };
  const entries = segments.entriesOf([one, two, never, gone, three]);
  expect([...entries.keys()]).toEqual([of('a'), of('b')]);
  expect(entries.get(of('a'))).toEqual([
    { offset: 8, partition: undefined },
    { offset: three.spoolPosition?.offset, partition: undefined },
  ]);
  expect(entries.get(of('b'))).toEqual([{ offset: 8, partition: 5 }]);
});

it('part records into runs between which no segment begins', () => {
  const { segments } = segmentsOf('b', 'd');
  const records = ['a', 'b', 'c', 'e'].map((text) => recordWith(text));
  const runs = segments.runsBetween(records, ({ text }) => `${text}-00000000`);
  expect(runs.map((run) => run.map(({ text }) => text))).toEqual([['a', 'b'], ['c'], ['e']]);
});

it('part what is more than can be written in one go', () => {
  const { segments } = segmentsOf();
  const records = ['a', 'b', 'c', 'd', 'e'].map((text) => recordWith(text));
  for (const record of records) record.bytes = 450_000;
  const runs = segments.runsBetween(records, ({ text }) => `${text}-00000000`);
  expect(runs.map((run) => run.map(({ text }) => text))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

import { expect, it } from 'vitest';
import { RecordSearch } from '../../../lib/accumulator/queues/record-search.ts';

it('a send has half of the records that a refused one is among', () => {
  const search = new RecordSearch();
  expect(search).toMatchObject({ sendLimit: Number.POSITIVE_INFINITY, isBisecting: false, isRecent: false });
  search.startBisect(9);
  expect(search).toMatchObject({ sendLimit: 4, isBisecting: true, isRecent: true });
  search.startBisect(1);
  expect(search.sendLimit).toBe(1);
});

it('a send that comes through leaves the rest to be looked at', () => {
  const search = new RecordSearch();
  search.startBisect(9);
  search.recordSuccess(4);
  expect(search).toMatchObject({ sendLimit: 2, isBisecting: true });
  search.recordSuccess(2);
  expect(search).toMatchObject({ sendLimit: 1, isBisecting: true });
});

it('the search is over once as many records have come through, and sends double from there', () => {
  const search = new RecordSearch();
  search.startBisect(600);
  search.recordSuccess(600);
  expect(search).toMatchObject({ sendLimit: 600, isBisecting: false, isRecent: true });
  search.recordSuccess(600);
  expect(search).toMatchObject({ sendLimit: 1_200, isRecent: false });
});

it('the next send after the record was found has one record', () => {
  const search = new RecordSearch();
  search.startBisect(9);
  search.onRecordsGone();
  expect(search).toMatchObject({ sendLimit: 1, isBisecting: false });
});

it('sends are as large as before where all that waits is refused together', () => {
  const search = new RecordSearch();
  search.startBisect(9);
  search.endBisect(Number.POSITIVE_INFINITY);
  expect(search).toMatchObject({ isBisecting: false, isRecent: false });
  search.onRecordsGone();
  expect(search.isRecent).toBe(false);
});

it('records are sent one by one until nothing is left to be found out, which only a single one tells', () => {
  const search = new RecordSearch();
  expect([search.isolate(3, true), search.position]).toEqual(['next', 1]);
  search.recordSuccess(2);
  expect(search).toMatchObject({ isIsolating: true, position: 1 });
  search.recordSuccess(1);
  // The oldest failed before this one got through: it is tried again.
  expect(search).toMatchObject({ isIsolating: true, position: 0 });
  search.recordSuccess(1);
  expect(search).toMatchObject({ isIsolating: false, position: undefined });
});

it.each([
  [0, ['wait', 'wait', 'wait', 'wait']],
  [4, ['wait', 'wait', 'reject', 'reject']],
])(
  'a record that nothing waits behind is given up only where part of its batch got through: %i',
  (sent, steps) => {
    const search = new RecordSearch();
    search.startBisect(sent + 1);
    if (sent > 0) search.recordSuccess(sent);
    const found = steps.map(() => {
      const step = search.isolate(1, true);
      if (step === 'wait') search.endBisect();
      return step;
    });
    expect(found).toEqual(steps);
  },
);

it('another batch has no part in what got through of the one before', () => {
  const search = new RecordSearch();
  search.startBisect(9);
  search.recordSuccess(4);
  search.onRecordsGone();
  search.startBisect(4);
  expect(['wait', 'wait', 'wait'].map(() => search.isolate(1, true))).toEqual(['wait', 'wait', 'wait']);
});

it('goes on in the queue that the records have moved to', () => {
  const [from, to] = [new RecordSearch(), new RecordSearch()];
  from.isolate(3, true);
  from.moveTo(to);
  expect([from.position, to.position]).toEqual([undefined, 1]);
});

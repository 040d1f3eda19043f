// A disk that is full for one write, in the middle of an entry of the journal.
import { expect, it } from 'vitest';
import type { Spool } from '../../../lib/spool/spool.ts';
import { deliverAll, directoryOfSpec, openSpool, recordWith, replaceInFs, systemError } from '../rig.ts';

/** Delivers what is for the topic `ok`; the disk is full for one of the entries. */
function deliverWhileDiskFills(spool: Spool): number {
  let takes = Number.POSITIVE_INFINITY;
  replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
    const length = Math.min(bytes.length - at, takes);
    if (length === 0) throw systemError('ENOSPC');
    takes -= length;
    return real(fd, bytes, at, length);
  });
  let delivered = 0;
  for (let next = spool.peek(); next !== undefined; next = spool.peek()) {
    if (next.topic !== 'ok') {
      spool.passOver();
      continue;
    }
    spool.take();
    if (delivered === 5) takes = 4;
    spool.settle([next]);
    takes = Number.POSITIVE_INFINITY;
    delivered++;
  }
  return delivered;
}

it('nothing is sent twice, and nothing is left out', () => {
  const { spool, errors } = openSpool(directoryOfSpec());
  const topics = ['ok', 'held'];
  const texts = Array.from({ length: 100 }, (_, at) => `${topics[at % 2]} ${at}`);
  spool.store(texts.map((text, at) => recordWith(text, { seq: at + 1, topic: topics[at % 2] ?? '' })));
  expect(deliverWhileDiskFills(spool)).toBe(50);
  // The other topic can be sent now.
  spool.beginAnew();
  expect(deliverAll(spool)).toEqual(texts.filter((text) => text.startsWith('held')));
  expect(errors).toEqual(['ENOSPC: refused']);
});

it('the next process sends the one again that could not be noted, and no other', async () => {
  const directory = directoryOfSpec();
  const { spool } = openSpool(directory);
  const records = Array.from({ length: 100 }, (_, at) => recordWith(`${at}`, { seq: at + 1, topic: 'ok' }));
  spool.store([...records, recordWith('left', { seq: 101, topic: 'held' })]);
  deliverWhileDiskFills(spool);
  spool.close();
  const next = openSpool(directory);
  await next.clock.settle();
  expect(deliverAll(next.spool)).toEqual(['5', 'left']);
});

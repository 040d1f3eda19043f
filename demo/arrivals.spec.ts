import { describe, expect, it } from 'vitest';
import { type Arrived, countArrivals } from './arrivals.ts';

function arrived(partition: number, ...seqs: number[]): Arrived[] {
  return seqs.map((seq) => ({ partition, value: JSON.stringify({ level: 'info', seq }) }));
}

const NONE = { distinct: 0, duplicates: 0, outOfOrder: 0, reentrant: 0 };

describe('countArrivals', () => {
  it('asks for order within a partition only', () => {
    const records = [...arrived(0, 3, 4), ...arrived(1, 0, 1, 5), ...arrived(2, 2)];
    expect(countArrivals(records)).toEqual({ ...NONE, distinct: 6 });
  });

  it('counts what comes after a later one', () => {
    expect(countArrivals(arrived(0, 2, 0, 1, 3))).toEqual({ ...NONE, distinct: 4, outOfOrder: 2 });
  });

  it('counts a batch that was sent again as duplicates, and not as out of order', () => {
    const records = arrived(0, 0, 1, 2, 0, 1, 2, 3);
    expect(countArrivals(records)).toEqual({ ...NONE, distinct: 4, duplicates: 3 });
    expect(countArrivals([...arrived(0, 0, 1), ...arrived(1, 1)])).toMatchObject({ duplicates: 1 });
  });

  it('counts what the service has not logged', () => {
    const line = { partition: 0, value: JSON.stringify({ level: 'debug', logger: 'kafkajs' }) };
    expect(countArrivals([line, ...arrived(0, 0)])).toEqual({ ...NONE, distinct: 1, reentrant: 1 });
  });
});

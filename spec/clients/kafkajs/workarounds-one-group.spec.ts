import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { asOneGroup } from '../../../lib/clients/kafkajs/workarounds.ts';

type Grouping = (what: {
  topic: string;
  partitionMetadata: unknown[];
  messages: unknown[];
  partitioner(args: { message: { partition: number } }): number;
}) => Record<string, unknown[]>;

// The real one: what is looked after here is that the two still fit together.
const groupMessages = createRequire(import.meta.url)(
  'kafkajs/src/producer/groupMessagesPerPartition.js',
) as Grouping;

const three = () => [1, 2, 3].map((n) => ({ value: `${n}`, partition: 7 }));

function grouped(messages: unknown[]): { groups: Record<string, unknown[]>; asked: number } {
  let asked = 0;
  const groups = groupMessages({
    topic: 'logs',
    partitionMetadata: [{}],
    messages,
    partitioner: ({ message }) => {
      asked++;
      return message.partition;
    },
  });
  return { groups, asked };
}

describe('messages of one group', () => {
  it('are grouped by kafkajs as by itself, with one question to the partitioner instead of one for each', () => {
    expect(grouped(three())).toEqual({ groups: { 7: three() }, asked: 3 });
    const { groups, asked } = grouped(asOneGroup(three()));
    expect(Object.keys(groups)).toEqual(['7']);
    expect([...(groups[7] ?? [])]).toEqual(three());
    expect(asked).toBe(1);
  });

  it('are no group where there are none', () => {
    expect(grouped(asOneGroup([])).groups).toEqual({});
  });

  it('are reduced as ever by whoever reduces them to anything else', () => {
    const numbers = asOneGroup([1, 2, 3]);
    expect(numbers.reduce((sums, n) => ({ sum: sums.sum + n }), { sum: 0 })).toEqual({ sum: 6 });
    const lists = asOneGroup([1, 2, 3]);
    const twice = lists.reduce((all, n) => Object.assign(all, { [n]: [n, n] }), {});
    expect(twice).toEqual({ 1: [1, 1], 2: [2, 2], 3: [3, 3] });
  });

  it('make ordinary arrays of what is made of them', () => {
    const copies = asOneGroup(three()).map((message) => message);
    expect(Object.hasOwn(copies, 'reduce')).toBe(false);
  });
});

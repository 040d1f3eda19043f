import { describe, expect, it } from 'vitest';
import { lazyMessages, untouchedRecords } from '../../../../lib/clients/kafkajs/fast-path/lazy-messages.ts';
import { RecordsEncoder } from '../../../../lib/protocol/records-encoder.ts';

function messagesWith(partition?: number) {
  const encoder = new RecordsEncoder(3, 0);
  encoder.addText(1_000, 'a', 'first', { own: 'header' });
  encoder.addText(2_000, null, 'second', undefined);
  encoder.addText(3_000, null, '', undefined);
  const records = encoder.finish();
  return { records, messages: lazyMessages(records, partition) };
}

const MESSAGES = [
  {
    key: Buffer.from('a'),
    value: Buffer.from('first'),
    timestamp: '1000',
    headers: { own: Buffer.from('header') },
  },
  { key: null, value: Buffer.from('second'), timestamp: '2000' },
  { key: null, value: Buffer.alloc(0), timestamp: '3000' },
];

// What kafkajs does with them, from src/producer.
const isWithoutValue = ({ value }: { value: unknown }): boolean => value === undefined;
const group = (
  groups: Record<number, unknown[]>,
  message: { partition?: number },
): Record<number, unknown[]> => {
  const partition = message.partition ?? 7;
  return Object.assign(groups, { [partition]: [...(groups[partition] ?? []), message] });
};

describe('untouched', () => {
  it('they are an array, as long as the batch', () => {
    const { records, messages } = messagesWith();
    expect(Array.isArray(messages)).toBe(true);
    expect(messages.length).toBe(3);
    expect(untouchedRecords(messages)).toBe(records);
  });

  it('none is without a value', () => {
    const { records, messages } = messagesWith();
    expect(messages.find(isWithoutValue)).toBe(undefined);
    expect(untouchedRecords(messages)).toBe(records);
  });

  it.each([
    ['where the partitioner says', undefined, '7'],
    ['where they are bound to', 4, '4'],
  ])('they are grouped by the first, %s', (_name, partition, group7) => {
    const { records, messages } = messagesWith(partition);
    const groups = messages.reduce(group, {});
    expect(Object.keys(groups)).toEqual([group7]);
    expect(Object.values(groups)[0]).toBe(messages);
    expect(untouchedRecords(messages)).toBe(records);
  });
});

describe('touched', () => {
  it.each<[string, (messages: object[]) => unknown]>([
    ['read by place', (messages) => messages[0]],
    ['iterated', (messages) => [...messages]],
    ['mapped', (messages) => messages.map((message) => message)],
    ['asked for a place', (messages) => 0 in messages],
    ['asked for their places', (messages) => Object.keys(messages)],
    ['asked for a property', (messages) => Object.getOwnPropertyDescriptor(messages, 0)],
    ['written', (messages) => JSON.stringify(messages)],
  ])('%s, they are there', (_name, touch) => {
    const { messages } = messagesWith();
    touch(messages);
    expect(untouchedRecords(messages)).toBe(undefined);
    expect(messages).toEqual(MESSAGES);
  });

  it('they can be changed, and stay so', () => {
    const { messages } = messagesWith();
    messages[1] = { value: 'another', key: null, timestamp: '5' };
    messages.pop();
    Object.defineProperty(messages, 'name', { value: 'mine', configurable: true });
    expect(untouchedRecords(messages)).toBe(undefined);
    expect([...messages]).toEqual([MESSAGES[0], { value: 'another', key: null, timestamp: '5' }]);
    expect(messages).toHaveProperty('name', 'mine');
    expect(Reflect.deleteProperty(messages, 'name')).toBe(true);
    expect(messages).not.toHaveProperty('name');
  });

  it('they are bound to their partition', () => {
    const { messages } = messagesWith(4);
    expect(messages.map(({ partition }) => partition)).toEqual([4, 4, 4]);
  });

  it('they are grouped by whoever groups them in another way', () => {
    const { messages } = messagesWith();
    const texts = messages.reduce((all, { value }) => `${all}${String(value)},`, '');
    expect(texts).toBe('first,second,,');
  });
});

it.each([[[]], [undefined], [null], ['text']])('%j has no records behind it', (messages) => {
  expect(untouchedRecords(messages)).toBe(undefined);
});

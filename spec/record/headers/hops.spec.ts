import { expect, it } from 'vitest';
import { hasTooManyHops, hopsOf, withHops } from '../../../lib/record/headers/hops.ts';
import type { Info } from '../../../lib/util/info.ts';

function infoFrom(headers: Parameters<typeof hopsOf>[0]): Info {
  return { level: 'info', message: 'consumed', ...hopsOf(headers) };
}

it('a line that is logged again from a message has one hop more than that', () => {
  let headers = withHops(undefined, { level: 'info', message: 'the first' });
  expect(headers).toEqual({ 'log-hops': '1' });
  headers = withHops({ a: 'b' }, infoFrom(headers));
  expect(headers).toEqual({ a: 'b', 'log-hops': '2' });
});

it('a line has too many hops in its sixth topic, not in its fifth', () => {
  expect(hasTooManyHops(infoFrom({ 'log-hops': '4' }))).toBe(false);
  expect(hasTooManyHops(infoFrom({ 'log-hops': '5' }))).toBe(true);
  expect(hasTooManyHops({ level: 'info', message: 'of this service' })).toBe(false);
});

it.each([
  ['bytes, as kafkajs has it', Buffer.from('3'), '4'],
  ['a list, where it is there more than once', ['3', '9'], '4'],
  ['a number', 3, '4'],
  ['no number', 'many', '1'],
  ['a fraction', '1.5', '1'],
  ['negative', '-3', '1'],
  ['not there', undefined, '1'],
])('is counted from a header that is %s', (_name, value, hops) => {
  expect(withHops(undefined, infoFrom({ 'log-hops': value }))).toEqual({ 'log-hops': hops });
});

it('a message without headers has no hops', () => {
  expect(withHops(undefined, infoFrom(undefined))).toEqual({ 'log-hops': '1' });
});

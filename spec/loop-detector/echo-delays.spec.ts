import { expect, it } from 'vitest';
import { EchoDelays } from '../../lib/loop-detector/echo-delays.ts';

function delaysOf(...delays: number[]): EchoDelays {
  const learnt = new EchoDelays();
  for (const delay of delays) learnt.learn(delay);
  return learnt;
}

it('forecasts nothing before a delay was learnt, and after all were forgotten', () => {
  const delays = delaysOf();
  expect(delays.forecast).toBeUndefined();
  expect(delays.width).toBe(150);
  delays.learn(5);
  delays.forget();
  expect(delays.forecast).toBeUndefined();
});

it('forecasts a delay between the least and the most, give or take 8 ms and 3 %', () => {
  const delays = delaysOf(300, 200);
  expect(delays.forecast).toEqual({ from: 186, to: 317 });
  expect(delays.width).toBe(131);
  expect(delays.last).toBe(200);
});

it('forecasts no negative delay', () => {
  expect(delaysOf(0).forecast).toEqual({ from: 0, to: 8 });
});

it('remembers the last six delays', () => {
  const delays = delaysOf(0, 100, 100, 100, 100, 100);
  expect(delays.forecast?.from).toBe(0);
  delays.learn(100);
  expect(delays.forecast?.from).toBe(89);
});

it('forgets delays that are more than 150 ms from the new one', () => {
  expect(delaysOf(0, 150).forecast?.from).toBe(0);
  expect(delaysOf(0, 200).forecast?.from).toBe(186);
});

it.each([
  [[0, 60], false],
  [[0, 60, 0], true],
  [[0, 61, 0], false],
  [[61, 0, 0, 60], true],
])('says of %j whether they are steady: %s', (delays, areSteady) => {
  expect(delaysOf(...delays).areSteady).toBe(areSteady);
});

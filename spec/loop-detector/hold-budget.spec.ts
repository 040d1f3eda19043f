import { expect, it } from 'vitest';
import { HoldBudget } from '../../lib/loop-detector/hold-budget.ts';

it('lets tests begin until sends have been held for 14 of 15 seconds', () => {
  const budget = new HoldBudget();
  budget.spend(14_000, 0);
  expect(budget.allowsTest(0)).toBe(true);
  budget.spend(1, 0);
  expect(budget.allowsTest(0)).toBe(false);
});

it('earns one second in fifty', () => {
  const budget = new HoldBudget();
  budget.spend(15_000, 0);
  expect(budget.allowsTest(49_990)).toBe(false);
  expect(budget.allowsTest(50_010)).toBe(true);
});

it('earns no more than 15 seconds, however long nothing is held', () => {
  const budget = new HoldBudget();
  budget.spend(14_001, 86_400_000);
  expect(budget.allowsTest(86_400_000)).toBe(false);
});

it('is overspent by what is held beyond 15 seconds, until that is earned again', () => {
  const budget = new HoldBudget();
  budget.spend(15_000, 0);
  expect(budget.isOverspent(0)).toBe(false);
  budget.spend(1, 0);
  expect(budget.isOverspent(0)).toBe(true);
  expect(budget.isOverspent(49)).toBe(true);
  expect(budget.isOverspent(51)).toBe(false);
});

import { afterAll, expect, test, vi } from 'vitest';
import { kafka, logger } from './logger.js';
import { placeOrder } from './orders.js';

// Sends what is left and closes the connection, which would keep vitest waiting.
afterAll(() => kafka.close());

test('logs the order', () => {
  const info = vi.spyOn(logger, 'info');
  expect(placeOrder(1)).toEqual({ order: 1, status: 'placed' });
  expect(info).toHaveBeenCalledWith('order placed', { order: 1 });
});

test('loses no log record', async () => {
  placeOrder(2);
  expect(await kafka.flush()).toMatchObject({ dropped: 0, pending: 0 });
});

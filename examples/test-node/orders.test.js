import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { kafka, logger } from './logger.js';
import { placeOrder } from './orders.js';

// Sends what is left and closes the connection, which would keep the process waiting.
after(() => kafka.close());

test('logs the order', () => {
  const info = mock.method(logger, 'info');
  assert.deepEqual(placeOrder(1), { order: 1, status: 'placed' });
  assert.deepEqual(info.mock.calls[0].arguments, ['order placed', { order: 1 }]);
});

test('loses no log record', async () => {
  placeOrder(2);
  const { dropped, pending } = await kafka.flush();
  assert.deepEqual({ dropped, pending }, { dropped: 0, pending: 0 });
});

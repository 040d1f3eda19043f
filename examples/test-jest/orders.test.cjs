const { kafka, logger } = require('./logger.cjs');
const { placeOrder } = require('./orders.cjs');

// Sends what is left and closes the connection, which would keep Jest waiting.
afterAll(() => kafka.close());

test('logs the order', () => {
  const info = jest.spyOn(logger, 'info');
  expect(placeOrder(1)).toEqual({ order: 1, status: 'placed' });
  expect(info).toHaveBeenCalledWith('order placed', { order: 1 });
});

test('loses no log record', async () => {
  placeOrder(2);
  expect(await kafka.flush()).toMatchObject({ dropped: 0, pending: 0 });
});

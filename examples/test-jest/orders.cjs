const { logger } = require('./logger.cjs');

exports.placeOrder = (order) => {
  logger.info('order placed', { order });
  return { order, status: 'placed' };
};

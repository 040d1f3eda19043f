import { logger } from './logger.js';

export function placeOrder(order) {
  logger.info('order placed', { order });
  return { order, status: 'placed' };
}

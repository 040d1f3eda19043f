import { loggers } from 'winston';
import './loggers.js';

const http = loggers.get('http');
const orders = loggers.get('orders');
const audit = loggers.get('audit');

http.debug('GET /orders');
for (let order = 1; order <= 5; order += 1) {
  orders.debug('order read', { order });
  audit.info('order read', { order, user: order % 2 === 1 ? 'ada' : 'bob' });
  orders.error('no payment', { order });
}

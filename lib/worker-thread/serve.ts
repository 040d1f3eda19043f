import { kafkajs } from '../clients/kafkajs/kafkajs.ts';
import type { Order, Report, WorkerStart } from '../clients/worker/messages/thread-messages.ts';
import { toWire } from '../clients/worker/messages/wire-error.ts';
import { ServedTransport } from './served-transport.ts';

/**
 * The worker's side: Kafka clients for senders in another thread.
 *
 * @returns what reports to that thread
 */
export function serve({ port, reports, imports }: WorkerStart): (what: Report) => void {
  // Now, while the first client waits for nothing else.
  kafkajs();
  const transports = new Map<number, ServedTransport>();

  const report = (what: Report): void => {
    port.postMessage(what);
    Atomics.add(reports, 0, 1);
    Atomics.notify(reports, 0);
  };

  const carryOut = async (order: Order): Promise<unknown> => {
    const { transport } = order;
    const served = transports.get(transport);
    if (order.kind === 'open')
      transports.set(transport, new ServedTransport(transport, order.settings, imports, report));
    else if (order.kind === 'leave') {
      served?.killAll();
      transports.delete(transport);
    } else if (served === undefined) throw new Error(`transport ${transport} is not known in this thread`);
    else return await served.carryOut(order);
    return undefined;
  };

  port.on('message', (order: Order) => {
    carryOut(order).then(
      (answer) => report({ kind: 'done', call: order.call, answer }),
      (error) => report({ kind: 'failed', call: order.call, error: toWire(error) }),
    );
  });
  return report;
}

import type { Socket } from 'node:net';
import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';
import { destroyWhereUnreadable, unrefOnce, withoutPolling } from '../workarounds.ts';
import { plainHost } from './broker-list.ts';
import type { BrokerSockets } from './broker-sockets.ts';

/** A socket for kafkajs, watched, with all that its sockets need to have worked around. */
export function watchedSocket(
  make: ISocketFactory,
  args: ISocketFactoryArgs,
  brokerSockets: BrokerSockets,
): Socket {
  const socket = withoutPolling(make({ ...args, host: plainHost(args.host) }));
  unrefOnce(socket);
  brokerSockets.watch(socket, args);
  // Last: it is about the listener that kafkajs adds.
  destroyWhereUnreadable(socket);
  return socket;
}

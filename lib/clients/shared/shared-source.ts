import type { KafkaConfig, logLevel as LogLevel } from 'kafkajs';
import type { ClientListeners, ClientSource, DeliveryClient } from '../client.ts';
import { ClientGroup, type Member } from './client-group.ts';
import { isSameData } from './same-data.ts';

/** What has to be the same for transports to share a client. */
export interface SharedSettings {
  /** Each kind of client has a name of its own. */
  readonly kind: string;
  readonly kafka: KafkaConfig;
  /** Where the client's lines go. */
  readonly log: unknown;
  readonly logLevel: LogLevel;
  readonly acks: -1 | 1;
  /** Which one, and its level. */
  readonly codec: unknown;
  readonly requestTimeoutMs: number;
  readonly fastPath: boolean;
  readonly traceContext: boolean;
}

type MakeSource = (listeners: ClientListeners) => ClientSource;

/** Groups by their settings. Each lives as long as one of its transports, which hold on to it. */
type Groups = Set<{ readonly settings: SharedSettings; readonly group: WeakRef<ClientGroup> }>;

/** Those of this thread. */
const groups: Groups = new Set();

/**
 * The clients of a transport that shares them with all others of the same settings: the very same, or plain data that is equal.
 *
 * @param settings asked for each client, because the configuration may have changed
 * @param makeSource makes what the clients of a group come from, by the settings of the moment
 */
export function sharedSource(
  settings: () => SharedSettings,
  listeners: ClientListeners,
  makeSource: MakeSource,
): ClientSource {
  /** After a send of this transport has hung, it has clients of its own, until a send is answered. */
  const own: Groups = new Set();
  let isAlone = false;
  const member: Member = {
    listeners,
    onHang: () => {
      isAlone = true;
    },
    onAnswer: () => {
      isAlone = false;
    },
  };
  let group = groupOf(groups, settings(), makeSource);
  const make = (): DeliveryClient => {
    group = groupOf(isAlone ? own : groups, settings(), makeSource);
    return group.join(member);
  };
  return { ...group.source, make };
}

function groupOf(known: Groups, settings: SharedSettings, makeSource: MakeSource): ClientGroup {
  for (const entry of known) {
    const group = entry.group.deref();
    if (group === undefined) known.delete(entry);
    else if (isSameData(entry.settings, settings)) return group;
  }
  const group = new ClientGroup(makeSource);
  known.add({ settings, group: new WeakRef(group) });
  return group;
}

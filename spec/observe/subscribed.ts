import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { onTestFinished } from 'vitest';

/** What is published on one of the transport's channels from now on. `first`, if given, gets each message first. */
export function messagesOn<Message>(name: string, first?: (message: Message) => void): Message[] {
  const messages: Message[] = [];
  const listener = (message: unknown): void => {
    messages.push(message as Message);
    first?.(message as Message);
  };
  subscribe(`winston-kafkajs:${name}`, listener);
  onTestFinished(() => {
    unsubscribe(`winston-kafkajs:${name}`, listener);
  });
  return messages;
}

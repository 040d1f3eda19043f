import { attempt, isObject } from './safely.ts';

/** The object that a text has in JSON; nothing where it is no such text. */
export function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  const parsed: unknown = text.startsWith('{') ? attempt(() => JSON.parse(text)) : undefined;
  return isObject(parsed) ? parsed : undefined;
}

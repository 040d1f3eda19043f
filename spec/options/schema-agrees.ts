// Holds the JSON schema of the options against the constructor, for each case of the option specs that a file could have.
import { isDeepStrictEqual } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import type { KafkaTransportError } from '../../lib/index.ts';
import { optionsSchema } from '../../lib/options/schema.ts';

export const isValid: ValidateFunction = new Ajv({ strictTypes: true }).compile(optionsSchema());

/** The schema takes what only the machine can tell to be wrong, and what is wrong for two numbers together. */
const BEYOND_A_SCHEMA: readonly RegExp[] = [
  /option "compression" must be a type that there is a codec for/,
  /option "retry\.maxMs" must be an integer from (?!1 to)\d+ to/,
  /option "signals\[\d+\]" .* given was 'SIG(?!KILL|STOP)[A-Z0-9]+'/,
  // By names of `levels` beside it.
  /option "filter\[.*\]" must be true, false or the name of a level \((?!error, )/,
  // The library that reads it has rules of its own.
  /option "redact\[\d+\]" must be a path that can be read/,
  /option "workerOptions\.execArgv" must be flags that Node takes for a thread/,
];

export function isPlainData(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

/** @param refusal what the constructor has thrown, if it has */
export function expectSchemaToAgree(options: unknown, refusal?: KafkaTransportError): void {
  if (!isPlainData(options)) return;
  const isBeyond = refusal !== undefined && BEYOND_A_SCHEMA.some((words) => words.test(refusal.message));
  expect
    .soft(isValid(options), `${JSON.stringify(options)} by the schema; the constructor: ${refusal?.message}`)
    .toBe(refusal === undefined || isBeyond);
}

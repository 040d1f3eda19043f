import { messageOf } from '../errors.ts';
import { Redaction } from '../record/value/redaction.ts';
import type { SamplingOptions } from '../sampling/sampling.ts';
import type { PerLevel, SampleOptions } from '../sampling/sampling-options.ts';
import {
  group,
  integer,
  isPlainObject,
  oneOf,
  stringHint,
  throwInvalidOption,
} from '../util/check-option.ts';

export const SAMPLE_OPTIONS = ['rate', 'by', 'seed'] as const;
export const RATE_LIMIT_OPTIONS = ['maxRecords', 'perMs', 'by'] as const;

const ALWAYS_KEPT = 'a level that is less severe than error: errors are always kept';
const SHARE_RULE = 'a number from 0 to 1, or one for each level';
const COUNT_RULE = 'a whole number from 0 on, or one for each level';
const LIMIT_RULE = 'a whole number from 0 on, or an object with maxRecords, perMs, by';
const REDACT_RULE = "a list of paths, such as ['password', 'headers.authorization', 'users[*].token']";

export function checkedSample(path: string, given: unknown): SampleOptions | undefined {
  if (given === undefined) return undefined;
  const isGroup = isPlainObject(given) && 'rate' in given;
  if (!isGroup) return { rate: checkedPerLevel(path, given, isShare, SHARE_RULE), by: 'record' };
  const { rate, by, seed } = group(path, given, SAMPLE_OPTIONS);
  return {
    rate: checkedPerLevel(`${path}.rate`, rate, isShare, SHARE_RULE),
    by: oneOf(`${path}.by`, by, ['record', 'fingerprint'] as const, 'record'),
    ...(seed !== undefined && {
      seed: integer(`${path}.seed`, seed, 0, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    }),
  };
}

export function checkedRateLimit(path: string, given: unknown): SamplingOptions['rateLimit'] {
  if (given === undefined) return undefined;
  if (!isPlainObject(given) && !isCount(given))
    throwInvalidOption(path, `${LIMIT_RULE}${stringHint(given)}`, given);
  const options = isCount(given) ? { maxRecords: given } : given;
  const { maxRecords, perMs, by } = group(path, options, RATE_LIMIT_OPTIONS);
  return {
    maxRecords: checkedPerLevel(`${path}.maxRecords`, maxRecords, isCount, COUNT_RULE),
    perMs: integer(`${path}.perMs`, perMs, 1_000, 1),
    by: oneOf(`${path}.by`, by, ['level', 'fingerprint'] as const, 'fingerprint'),
  };
}

export function checkedRedact(path: string, given: unknown): Redaction | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length === 0) throwInvalidOption(path, REDACT_RULE, given);
  // One by one: the error names the one that is wrong.
  for (const [at, one] of given.entries()) {
    if (typeof one !== 'string') throwInvalidOption(`${path}[${at}]`, 'a path', one);
    try {
      new Redaction([one]);
    } catch (error) {
      throwInvalidOption(`${path}[${at}]`, `a path that can be read (${messageOf(error)})`, one);
    }
  }
  return new Redaction(given);
}

function checkedPerLevel(
  path: string,
  given: unknown,
  isRight: (value: unknown) => boolean,
  rule: string,
): PerLevel {
  if (isRight(given)) return given as number;
  if (!isPlainObject(given) || Object.keys(given).length === 0)
    throwInvalidOption(path, `${rule}${stringHint(given)}`, given);
  for (const [level, value] of Object.entries(given)) {
    if (level === 'error') throwInvalidOption(`${path}.error`, ALWAYS_KEPT, value);
    if (!isRight(value))
      throwInvalidOption(`${path}.${level}`, `${rule.split(', or')[0]}${stringHint(value)}`, value);
  }
  // A copy: later changes to it do nothing.
  return { ...given } as PerLevel;
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

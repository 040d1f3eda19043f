import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { errorCodeOf } from '../../lib/protocol/error-codes.ts';

interface KafkajsCode {
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
}

const { errorCodes } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
  errorCodes: KafkajsCode[];
};

/** kafkajs 2.2.4 does not know these. */
const NEWER = [89, 90];

it('has the names that kafkajs has, and takes the same for what passes', () => {
  const known = Array.from({ length: 130 }, (_, at) => errorCodeOf(at - 1)).filter(
    ({ type, code }) => !type.startsWith('ERROR_CODE') && !NEWER.includes(code),
  );
  expect(known.length).toBeGreaterThan(25);
  for (const { type, code, retriable } of known) {
    const kafkajs = errorCodes.find((each) => each.code === code);
    expect({ type, code, retriable }).toEqual({ type: kafkajs?.type, code, retriable: kafkajs?.retriable });
  }
});

it('says the number of a code that it does not know', () => {
  expect(errorCodeOf(131)).toEqual({
    type: 'ERROR_CODE_131',
    code: 131,
    retriable: false,
    message: 'Unknown error code 131',
  });
});

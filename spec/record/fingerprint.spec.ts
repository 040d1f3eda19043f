import { describe, expect, it } from 'vitest';
import { fingerprintOf, shapeOf } from '../../lib/record/fingerprint.ts';

describe('the shape of a message', () => {
  it.each([
    ['order 17 is paid', 'order # is paid'],
    ['took 1.5ms of 2.000,00', 'took # of #'],
    ['user 0b4c8a2e-3a57-4d0e-9a43-0c5f0e3b7f10 logged in', 'user # logged in'],
    ['session deadbeefcafe ended', 'session # ended'],
    ['cannot read "a file.txt" here', 'cannot read # here'],
    ["cannot read 'it' here", 'cannot read # here'],
    ["don't stop", "don't stop"],
    ['{"level":"info","message":"order 17"}', '{#:#,#:#'],
    ['only the first four words of it', 'only the first four'],
    ['', ''],
  ])('of %j is %j', (message, shape) => expect(shapeOf(message)).toBe(shape));

  it('is made of the first 160 letters', () => {
    expect(shapeOf(`${'x'.repeat(155)} abcdefgh`)).toBe(`${'x'.repeat(155)} abcd`);
  });

  it.each([
    ['a word', (message: string) => `heard: ${message}`],
    ['three words', (message: string) => `service b heard: ${message}`],
    ['JSON', (message: string) => `consumed ${JSON.stringify({ level: 'info', message })}`],
  ])('stays the same from the second round on where each wraps the one before in %s', (_, wrap) => {
    let message = wrap(wrap('order 17 is paid'));
    const shape = shapeOf(message);
    for (let round = 0; round < 6; round++) {
      message = wrap(message);
      expect(shapeOf(message)).toBe(shape);
    }
  });
});

describe('a fingerprint', () => {
  it('has the level, who logs, the call site, the shape and the names of the fields', () => {
    const origin = { function: 'pay', module: 'src/shop', file: 'shop.ts', line: 1, column: 1 };
    const info = { level: 'info', message: 'order 1', service: 'shop', ms: 3 };
    expect(fingerprintOf(info, 'info', 'text', origin)).toBe(
      'info shop src/shop:pay "order #" {service, ms}',
    );
  });

  it('has the names of the first twelve fields', () => {
    const names = [...'abcdefghijklm'];
    const fields = Object.fromEntries(names.map((name) => [name, 1]));
    expect(fingerprintOf({ level: 'info', message: 'paid', ...fields }, 'info', 'text', undefined)).toBe(
      `info "paid" {${names.slice(0, 12).join(', ')}}`,
    );
  });

  it('takes the text where the message is none', () => {
    expect(fingerprintOf({ level: 'info', message: { a: 1 } }, 'info', 'text 1', undefined)).toBe(
      'info "text #"',
    );
  });

  it('is there for what cannot be read, too', () => {
    const info = {
      get message(): string {
        throw new Error('no');
      },
    };
    expect(fingerprintOf(info, 'warn', 'text', undefined)).toBe('warn (a record that cannot be read)');
  });
});

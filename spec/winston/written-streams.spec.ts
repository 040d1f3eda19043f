import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import TransportStream from 'winston-transport';
import { isWritten } from '../../lib/winston/workarounds.ts';

describe('a transport whose streams', () => {
  const stuck = (): Writable => new Writable({ write: () => undefined });
  const full = (): Writable => {
    const stream = stuck();
    stream.write('x');
    return stream;
  };
  const passed = (): PassThrough => {
    const stream = new PassThrough();
    stream.write('x');
    return stream;
  };
  it.each<[string, Record<string, unknown>, boolean]>([
    ['nobody knows has written, as far as can be told', { format: {}, _dest: null, size: 0 }, true],
    ['are empty has written', { _stream: new PassThrough(), _dest: stuck() }, true],
    ['hold something to write has not written', { _stream: new PassThrough(), _dest: full() }, false],
    ['hold something to be read has not written', { _stream: passed(), _dest: stuck() }, false],
    ['are destroyed has nothing to write any more', { _stream: full().destroy() }, true],
    ['are empty, and its logger holds something, has written', { parent: full() }, true],
  ])('%s', (_name, fields, expected) => {
    expect(isWritten(Object.assign(new TransportStream({ log: () => undefined }), fields))).toBe(expected);
  });
});

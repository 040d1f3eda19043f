// The lines of winston's packages that lib/winston goes by, though they are nobody's promise. Where one of these fails, the
// comment that quotes it says what hangs on it; what our side of it does is shown in the files beside this one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const ofWinston = createRequire(import.meta.url);
// winston-transport has readable-stream 3; version 4.8 of it, which the package allows too, has 4.
const ofTransport = createRequire(ofWinston.resolve('winston-transport'));
const ofLogger = createRequire(ofWinston.resolve('winston'));
const ofTransport48 = createRequire(ofWinston.resolve('winston-transport-4.8'));

it.each([
  ['hasEnded', 'readable-stream/lib/_stream_writable.js', 'state.ending = true;', ofTransport],
  ['hasEnded', 'readable-stream/lib/internal/streams/writable.js', 'state.ending = true', ofTransport48],
  [
    'keepWhenFinished',
    'readable-stream/lib/internal/streams/writable.js',
    'if (state.autoDestroy)',
    ofTransport48,
  ],
  ['whileReadByHand', 'readable-stream/lib/_stream_readable.js', 'state.awaitDrain = 0;', ofLogger],
  ['LoggerTap', 'readable-stream/lib/_stream_readable.js', 'state.pipes = null;', ofLogger],
  ['whileReadByHand', 'readable-stream/lib/_stream_writable.js', 'if (state.ending) writeAfterEnd', ofLogger],
  [
    'whileReadByHand',
    'readable-stream/lib/_stream_writable.js',
    'state.lastBufferedRequest = null;',
    ofTransport,
  ],
  ['isStreamItself', 'winston/lib/winston/logger.js', 'Object.create(logger', ofWinston],
  ['takeOverPipes', 'winston-transport/modern.js', "this.once('pipe', logger => {", ofWinston],
  ['takeOverPipes', 'winston-transport/modern.js', "this.once('unpipe', src => {", ofWinston],
  ['learnCrashListeners', 'winston/lib/winston/exception-handler.js', '._ending = true;', ofWinston],
  ['learnCrashListeners', 'winston/lib/winston/exception-handler.js', ".once('finish', onDone", ofWinston],
  ['learnCrashListeners', 'winston/lib/winston/rejection-handler.js', ".once('error', onDone", ofWinston],
  ['isWritten', 'winston/lib/winston/transports/file.js', 'this._stream.write(output', ofWinston],
  ['isWritten', 'winston/lib/winston/transports/file.js', 'this._dest = ', ofWinston],
  ['LoggerTap', 'winston/lib/winston/logger.js', 'this.push(this.format.transform(info', ofWinston],
  ['StreamEnd', 'winston/lib/winston/logger.js', "transport.once('finish', next);", ofWinston],
])('what %s goes by still stands in %s: %s', (_name, file, line, from) => {
  const lines = readFileSync(from.resolve(file), 'utf8').split('\n');
  expect(lines.filter((each) => each.includes(line))).not.toEqual([]);
});

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionName, type NamedFrame } from '../../../lib/loop-safety/call-site/function-name.ts';
import { fileOf, moduleName } from '../../../lib/loop-safety/call-site/script-file.ts';

describe('moduleName', () => {
  it.each([
    ['/app/src/db.js', 'src/db'],
    ['/app/src/db.ts', 'src/db'],
    ['/app/src/db.mjs', 'src/db'],
    ['/app/src/db.cjs', 'src/db'],
    ['/app/src/db.mts', 'src/db'],
    ['/app/src/db.cts', 'src/db'],
    ['/app/src/db.tsx', 'src/db'],
    ['/app/src/db.jsx', 'src/db'],
    ['/app/src/db.spec.ts', 'src/db.spec'],
    ['/app/src/db', 'src/db'],
    ['/app/src/db.json', 'src/db.json'],
    ['/app/a folder/b#c.js', 'a folder/b#c'],
    ['/other/src/db.js', '../other/src/db'],
    ['/app/node_modules/kafkajs/src/index.js', 'kafkajs/src/index'],
    ['/app/node_modules/@scope/name/lib/x.cjs', '@scope/name/lib/x'],
    ['/app/node_modules/.pnpm/kafkajs@2.2.4/node_modules/kafkajs/src/index.js', 'kafkajs/src/index'],
    ['/elsewhere/node_modules/kafkajs/index.js', 'kafkajs/index'],
    ['/node_modules/kafkajs/index.js', 'kafkajs/index'],
    ['/app/node_modules_not/x.js', 'node_modules_not/x'],
    ['/app/my_node_modules/x.js', 'my_node_modules/x'],
    ['node:net', 'node:net'],
    ['', ''],
  ])('%s is %s', (file, module) => {
    expect(moduleName(file, '/app', path.posix)).toBe(module);
  });

  it.each([
    ['C:\\app\\src\\db.js', 'src/db'],
    ['C:\\app\\node_modules\\kafkajs\\src\\index.js', 'kafkajs/src/index'],
    ['D:\\lib\\x.js', 'D:/lib/x'],
  ])('%s is %s on Windows', (file, module) => {
    expect(moduleName(file, 'C:\\app', path.win32)).toBe(module);
  });
});

describe('fileOf', () => {
  it.each([
    ['/x/a%20b.js', '/x/a%20b.js'],
    ['file:///x/a%20b%23c.mjs', '/x/a b#c.mjs'],
    ['file:///x/a.mjs?version=2', '/x/a.mjs'],
    ['file:///x/a%2Fb.mjs', ''],
    ['node:net', 'node:net'],
    ['evalmachine.<anonymous>', ''],
    ['webpack-internal:///./src/db.js', ''],
    ['', ''],
    [null, ''],
    [undefined, ''],
  ])('%s is at %s', (name, expected) => {
    expect(fileOf(name).path).toBe(expected);
  });

  it.each([
    ['/a/node_modules/winston/lib/winston/logger.js', true],
    ['/node_modules/winston/lib/winston/logger.js', true],
    ['file:///a/node_modules/winston/lib/winston/logger.js', true],
    ['/a/node_modules/.pnpm/winston@3.19.0/node_modules/winston/lib/winston.js', true],
    ['/a/node_modules/winston-transport/index.js', true],
    ['/a/node_modules/readable-stream/lib/writable.js', true],
    ['/a/node_modules/winston-kafkajs/dist/esm/index.js', true],
    ['/a/node_modules/winston/node_modules/logform/index.js', true],
    ['node:internal/timers', true],
    ['node:events', false],
    ['/a/node_modules/winston-kafkajs/node_modules/kafkajs/index.js', false],
    ['/a/node_modules/winston-daily-rotate-file/index.js', false],
    ['/a/node_modules/@scope/winston/index.js', false],
    ['/home/me/winston/app.js', false],
    ['/home/me/winston-kafkajs/app.js', false],
  ])('%s is passed over: %s', (name, isPassedOver) => {
    expect(fileOf(name).isPassedOver).toBe(isPassedOver);
  });

  it('forgets, rather than keep every name for ever', () => {
    const first = fileOf('/x/0.mjs?0');
    expect(fileOf('/x/0.mjs?0')).toBe(first);
    for (let i = 1; i <= 2_000; i++) fileOf(`/x/${i}.mjs`);
    expect(fileOf('/x/0.mjs?0')).not.toBe(first);
  });
});

describe('functionName', () => {
  function frame(name: string | null, enclosing = [5, 7], isEval = false): NamedFrame {
    return {
      getFunctionName: () => name,
      isEval: () => isEval,
      getEnclosingLineNumber: () => enclosing[0] ?? null,
      getEnclosingColumnNumber: () => enclosing[1] ?? null,
    };
  }

  it.each([
    ['send', 'send'],
    ['exports.send', 'send'],
    ['Client.prototype.send', 'send'],
    ['Object.send', 'send'],
    ['async send', 'send'],
    ['get size', 'size'],
    ['set size', 'size'],
    ['bound send', 'send'],
    ['bound bound send', 'send'],
    ['new Client', 'Client'],
    ['get #size', '#size'],
    ['get', 'get'],
    ['[Symbol.asyncIterator]', '[Symbol.asyncIterator]'],
    ['get [Symbol.toStringTag]', '[Symbol.toStringTag]'],
    ['routes.<computed>', '<anonymous>'],
    ['Object.', '<anonymous>'],
    ['<static_initializer>', '<anonymous>'],
    ['src/db.ts', '<module>'],
    ['', '<anonymous>'],
    [null, '<anonymous>'],
  ])('%s is %s', (name, expected) => {
    expect(functionName(frame(name))).toBe(expected);
  });

  it('is <module> for what begins where the file does, and has no name', () => {
    expect(functionName(frame(null, [1, 1]))).toBe('<module>');
    expect(functionName(frame('first', [1, 1]))).toBe('first');
    expect(functionName(frame(null, [1, 2]))).toBe('<anonymous>');
    expect(functionName(frame(null, [2, 1]))).toBe('<anonymous>');
    expect(functionName(frame(null, [1, 1], true))).toBe('<anonymous>');
  });
});

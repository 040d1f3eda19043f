// `level: 'eror'` takes no record, and only who listened for `warn` was told.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import winston from 'winston';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import { allOf, type KafkaTransport, type KafkaTransportError, not } from '../../lib/index.ts';
import { NODE_OPTIONS } from '../support/child-process.ts';
import { startCluster, TOPIC, transportTo } from '../support/harness.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is printed on stderr from here on. */
function watchStderr(): string[] {
  const lines: string[] = [];
  const print = vi.spyOn(stderrLines, 'print').mockImplementation((line) => void lines.push(line));
  onTestFinished(() => print.mockRestore());
  return lines;
}

function warningsOf(transport: KafkaTransport): KafkaTransportError[] {
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  return warnings;
}

type Levels = Record<string, number>;
type Overrides = Parameters<typeof transportTo>[1];

async function setUp(options: Overrides, levels: Levels = winston.config.npm.levels) {
  const lines = watchStderr();
  const cluster = await startCluster();
  const transport = transportTo(cluster, options);
  const warnings = warningsOf(transport);
  const format = winston.format.printf(({ message }) => String(message));
  const level = Object.keys(levels).at(-1) ?? '';
  const logger = winston.createLogger({ level, levels, format, transports: [transport] });
  await turn();
  const values = async (): Promise<string[]> => {
    await transport.flush(Infinity);
    return cluster.values(TOPIC);
  };
  return { lines, transport, warnings, logger, values };
}

describe('a level that the logger does not have', () => {
  it('is told on stderr and as a warning, once, with the nearest', async () => {
    const { lines, warnings, logger, transport } = await setUp({ level: 'eror' });
    for (let count = 0; count < 3; count++) logger.error('not taken');
    logger.remove(transport);
    logger.add(transport);
    await turn();
    const what =
      'winston-kafkajs: the transport\'s level "eror" is none of the logger\'s levels (error, warn, info, http, verbose, debug, silly), so it takes no record. Did you mean "error"? To take no record on purpose, set silent: true.';
    expect(lines).toEqual([expect.stringContaining(`WARN ${what}`)]);
    expect(warnings).toMatchObject([{ code: 'ERR_MISMATCH', message: what }]);
    expect(transport.stats().accepted).toBe(0);
  });

  it.each<[string, string | undefined, Levels?]>([
    ['ERROR', 'error'],
    ['warning', 'warn'],
    ['inof', 'info'],
    ['warn', 'warning', winston.config.syslog.levels],
    ['critical', 'crit', winston.config.syslog.levels],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['zzzzzzzzz', undefined],
    ['chaty', 'chatty', { quiet: 0, chatty: 1 }],
  ])('%s: the nearest is %s', async (level, nearest, levels) => {
    const { lines } = await setUp({ level }, levels);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      nearest === undefined ? 'so it takes no record. Choose one of those.' : `Did you mean "${nearest}"?`,
    );
  });

  it.each(['error', 'silly', '', undefined])('%s is none, and nothing is said', async (level) => {
    const { lines, warnings, transport } = await setUp(level === undefined ? {} : { level });
    transport.level = 'debug';
    await turn();
    expect(lines).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('is told when it is set later, each once; and a right one works', async () => {
    const { lines, warnings, transport, logger, values } = await setUp({ level: 'error' });
    transport.level = 'debgu';
    await turn();
    expect(lines).toEqual([expect.stringContaining('Did you mean "debug"?')]);
    logger.error('not taken');
    transport.level = 'debug';
    logger.debug('taken');
    await turn();
    transport.level = 'debgu';
    transport.level = 'inf';
    await turn();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('Did you mean "info"?');
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_MISMATCH', 'ERR_MISMATCH']);
    expect(await values()).toEqual(['taken']);
  });

  it('is not told when it is put right before the turn is over', async () => {
    const { lines, transport } = await setUp({});
    transport.level = 'eror';
    transport.level = 'error';
    await turn();
    expect(lines).toEqual([]);
  });

  it('may be set to what is no text: that takes no record, and is told', async () => {
    const { lines, transport } = await setUp({});
    Object.assign(transport, { level: 3 });
    await turn();
    expect(lines).toEqual([expect.stringContaining('level "3" is none of')]);
  });

  it('is told of the logger, where the transport goes by its level', async () => {
    const lines = watchStderr();
    const transport = transportTo(await startCluster());
    winston.createLogger({ level: 'eror', transports: [transport] });
    await turn();
    expect(lines).toEqual([
      expect.stringContaining(
        'the logger\'s level "eror" is none of its levels (error, warn, info, http, verbose, debug, silly), so the transport takes no record. Did you mean "error"?',
      ),
    ]);
  });

  it("is told of a logger with levels of its own, whose level is winston's default still", async () => {
    const lines = watchStderr();
    const transport = transportTo(await startCluster());
    winston.createLogger({ levels: { loud: 0, quiet: 1 }, transports: [transport] });
    await turn();
    expect(lines).toEqual([
      expect.stringContaining('the logger\'s level "info" is none of its levels (loud, quiet)'),
    ]);
  });

  it('is told of the logger when it is set later, at the first record that it costs', async () => {
    const { lines, logger, transport } = await setUp({});
    logger.level = 'wran';
    logger.error('not taken');
    logger.error('not taken');
    await turn();
    expect(transport.stats().accepted).toBe(0);
    expect(lines).toEqual([expect.stringContaining('Did you mean "warn"?')]);
    logger.level = 'warn';
    logger.info('kept out by a level that there is');
    await turn();
    expect(lines).toHaveLength(1);
  });

  it('of one of two loggers is told for that one', async () => {
    const { lines, transport } = await setUp({ level: 'http' });
    winston.createLogger({ levels: winston.config.syslog.levels, transports: [transport] });
    await turn();
    expect(lines).toEqual([
      expect.stringContaining('(emerg, alert, crit, error, warning, notice, info, debug)'),
    ]);
  });
});

describe('a level in a filter table that the logger does not have', () => {
  it.each<[string, Overrides, string]>([
    ['at the top', { filter: { 'src/db': 'notice' } }, 'filter["src/db"]'],
    ['inside', { filter: allOf(not({ a: 'notice' }), 'b') }, 'filter.allOf[0].not["a"]'],
  ])('%s is told on stderr and as a warning, once, by its path', async (_, options, path) => {
    const { lines, warnings, logger, transport } = await setUp(options);
    logger.remove(transport);
    logger.add(transport);
    await turn();
    const what = `winston-kafkajs: the level "notice" in ${path} is none of the logger's levels (error, warn, info, http, verbose, debug, silly), so it counts as true there (every level). Choose one of those.`;
    expect(lines).toEqual([expect.stringContaining(what)]);
    expect(warnings).toMatchObject([{ code: 'ERR_MISMATCH', message: what }]);
  });

  it('has the nearest named, each once, and those that there are not', async () => {
    const filter = { a: 'warning', b: 'warning', c: 'warn', d: false, e: 'crit' };
    const { lines } = await setUp({ filter });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/"warning" in filter\["a"\].* Did you mean "warn"\?/);
    expect(lines[1]).toMatch(/"warning" in filter\["b"\]/);
    expect(lines[2]).toMatch(/"crit" in filter\["e"\]/);
  });

  it('of a logger with levels of its own is told of the `levels` that do not fit', async () => {
    const options = { levels: { loud: 0, quiet: 1 }, filter: { a: 'quiet' } };
    const { lines } = await setUp(options, { loud: 0, quite: 1 });
    expect(lines).toEqual([expect.stringContaining('Did you mean "quite"?')]);
    expect((await setUp(options, { loud: 0, quiet: 1 })).lines).toEqual([]);
  });
});

it('is seen on the stderr of a process that listens for nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'level-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const library = fileURLToPath(new URL('../../lib/index.ts', import.meta.url));
  const file = join(directory, 'program.mts');
  writeFileSync(
    file,
    `import { createRequire } from 'node:module';
     import { KafkaTransport } from ${JSON.stringify(library)};
     const winston = createRequire(${JSON.stringify(library)})('winston');
     const kafka = { brokers: ['127.0.0.1:1'] };
     const transport = new KafkaTransport({ topic: 'logs', kafka, level: 'eror' });
     winston.createLogger({ transports: [transport] }).error('nobody will see this');`,
  );
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, file]);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/WARN winston-kafkajs: the transport's level "eror" .* Did you mean "error"\?/),
  ]);
});

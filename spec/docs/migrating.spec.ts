import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPTION_NAMES } from '../../lib/options/resolve.ts';
import { MIGRATING, ROOT, readPage, tableRows } from './pages.ts';

const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name);
// winston-transport's.
const KNOWN = ['level', 'format', 'silent', ...OPTION_NAMES];

/** The fields of an interface in a file of declarations. */
function fieldsOf(declarations: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`interface ${name} [^{]*\\{([\\s\\S]*?)^\\}`, 'm').exec(declarations) ?? [];
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, field = '']) => field);
}

describe('the pages about migrating', () => {
  it.each(MIGRATING)('lead to options that there are: $path', (page) => {
    const rows = tableRows(page, 'winston-kafkajs').filter((row) => 'notes' in row);
    expect(rows.length).toBeGreaterThan(4);
    const named = rows.flatMap((row) => namesIn(row['winston-kafkajs']));
    expect(named.filter((name) => !KNOWN.includes(name))).toEqual([]);
  });

  it('name every option of winston-logger-kafka, and of the kafkajs producer in it', () => {
    const directory = join(ROOT, 'node_modules/winston-logger-kafka');
    const its = readFileSync(join(directory, 'lib/logger.d.ts'), 'utf8');
    const kafkajs = readFileSync(join(directory, 'node_modules/kafkajs/types/index.d.ts'), 'utf8');
    const ofProducer = [
      ...fieldsOf(its, 'KafkaTransportProducerConfig'),
      ...fieldsOf(kafkajs.replaceAll(/^ {2}(?=\w)/gm, '    '), 'ProducerConfig'),
    ];
    expect(ofProducer.length).toBeGreaterThan(15);
    const wanted = [
      ...fieldsOf(its, 'KafkaTransportConfig').filter((name) => name !== 'producerConfig'),
      ...ofProducer.map((name) => `producerConfig.${name}`),
    ];
    const page = readPage('docs/migrating/from-winston-logger-kafka.md');
    const named = tableRows(page, 'notes').flatMap((row) => namesIn(row['winston-logger-kafka']));
    expect([...named].sort()).toEqual([...wanted].sort());
  });
});

import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ALL,
  anchorsOf,
  codeSpansOf,
  DOCS,
  linksOf,
  type Page,
  README,
  ROOT,
  readPage,
  SHIPPED,
  tableRows,
} from './pages.ts';

const IN_THE_PACKAGE = /^(docs\/(migrating\/)?[\w-]+\.(md|json|yml)|README\.md|CHANGELOG\.md|LICENSE)$/;
const PUBLIC_HOST = /^([a-z0-9-]+\.)+[a-z]{2,}$/;
const isShipped = new Set(SHIPPED.map(({ path }) => path));

function problemOf(page: Page, link: string): string | undefined {
  if (link.startsWith('https://')) return isPublic(link) ? undefined : 'it is no public address';
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? page.path : posix.join(dirname(page.path), target);
  if (!existsSync(join(ROOT, path))) return 'there is no such file';
  if (isShipped.has(page.path) && !IN_THE_PACKAGE.test(path)) return 'it is not in the package';
  if (anchor === undefined) return undefined;
  return anchorsOf(readPage(path)).has(anchor) ? undefined : 'there is no such heading';
}

/** By its form only: specs have no network. */
function isPublic(link: string): boolean {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  return url !== undefined && PUBLIC_HOST.test(url.hostname) && url.port === '' && url.username === '';
}

describe('what people read', () => {
  it('would find a link that leads nowhere', () => {
    const broken = [
      ...[
        'nowhere.md',
        '../lib/index.ts',
        'faq.md#no-such-heading',
        '#no-such-heading',
        'grafana-dashboard.png',
        'http://kafka.js.org',
      ],
      ...[
        'https://localhost/a',
        'https://127.0.0.1/a',
        'https://kafka.js.org:8443',
        'https://[',
        'https://kafka',
      ],
    ];
    const page = readPage('docs/spool.md');
    expect(broken.filter((link) => problemOf(page, link) === undefined)).toEqual([]);
    expect(problemOf(page, 'faq.md#which-partition-does-a-record-go-to')).toBeUndefined();
    expect(problemOf(page, 'https://kafka.js.org/docs/producing#retries')).toBeUndefined();
  });

  it.each(ALL)('has links that lead somewhere, also on the page of the package: $path', (page) => {
    const problems = linksOf(page).map((link) => ({ link, problem: problemOf(page, link) }));
    expect(problems.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it('has links at all', () => {
    expect([README, ...DOCS].flatMap(linksOf).length).toBeGreaterThan(50);
  });

  it.each(ALL)('names files of the repository that are there: $path', (page) => {
    const named = codeSpansOf(page).filter((code) =>
      /^\.?(lib|spec|testing|demo|benchmarks|docs|github|ci)\//.test(code),
    );
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  const COLUMN = 'shown by, in `spec/`';
  it('backs what it promises with specs', () => {
    expect(ALL.flatMap((page) => tableRows(page, COLUMN)).length).toBeGreaterThan(40);
  });

  it.each(ALL)('backs each row with specs that are there: $path', (page) => {
    const rows = tableRows(page, COLUMN).map((row) => ({
      row: Object.values(row)[0],
      names: [...(row[COLUMN] ?? '').matchAll(/`(.*?)`/g)].map(([, name]) => name),
    }));
    const isBacked = (name: string | undefined): boolean => existsSync(join(ROOT, `spec/${name}.spec.ts`));
    expect(rows.filter(({ names }) => names.length === 0 || !names.every(isBacked))).toEqual([]);
  });
});

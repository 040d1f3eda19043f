// What people read: README, CHANGELOG, the pages of docs/ and of .github/.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** Its path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface Snippet {
  /** The page and the line that it begins at: `docs/faq.md:12`. */
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

function pagesIn(directory: string): Page[] {
  const names = readdirSync(join(ROOT, directory)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => readPage(`${directory}/${name}`));
}

export const README: Page = readPage('README.md');
export const MIGRATING: readonly Page[] = pagesIn('docs/migrating');
export const DOCS: readonly Page[] = [...pagesIn('docs'), ...MIGRATING];
/** Of the npm package. */
export const SHIPPED: readonly Page[] = [README, readPage('CHANGELOG.md'), ...DOCS];
export const ALL: readonly Page[] = [...SHIPPED, ...pagesIn('.github')];

const BLOCK = /^```(\w*)[^\n]*\n(.*?)^```$/gms;

export function snippetsOf({ path, text }: Page, ...languages: readonly string[]): Snippet[] {
  return [...text.matchAll(BLOCK)].flatMap((match) => {
    const [, language = '', code = ''] = match;
    if (!languages.includes(language)) return [];
    return [{ name: `${path}:${lineAt(text, match.index) + 1}`, language, code }];
  });
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The text without blocks of code, each line where it was. */
export function prose({ text }: Page): string {
  return text.replace(BLOCK, (block) => '\n'.repeat(block.split('\n').length - 1));
}

/** What GitHub makes of the headings, to link to. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(headings.map(anchorOf));
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** The targets of all links. */
export function linksOf(page: Page): string[] {
  const inline = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)];
  const referenced = [...prose(page).matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...referenced].map(([, target = '']) => target);
}

/** All that stands between backquotes. */
export function codeSpansOf(page: Page): string[] {
  return [...prose(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The rows of all tables whose header has this column, as cells by the column's name. */
export function tableRows({ text }: Page, column: string): Record<string, string>[] {
  const tables = [...text.matchAll(/^(\|.*\|)\n\|[-| ]+\|\n((?:\|.*\|\n)+)/gm)];
  return tables.flatMap(([, header = '', body = '']) => {
    const names = cellsOf(header);
    if (!names.includes(column)) return [];
    const rows = body.trim().split('\n').map(cellsOf);
    return rows.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])));
  });
}

function cellsOf(row: string): string[] {
  // `\|` is a bar in a cell.
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

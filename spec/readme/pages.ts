import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** README.md and the pages of docs/, as paths from the root. All of them are in the npm package. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The code blocks of one language. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code]) => code ?? '',
  );
}

/** The text without its code blocks, in which a `#` is no heading and a bracket no link. */
export function proseOf(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}

/** What follows the `#` in a link to each heading, as the hosts of repositories make it. */
export function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The targets of all links and pictures. */
export function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}

/** The files and folders of the repository that are named in code font. */
export function pathsIn(text: string): string[] {
  const inCode = [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
  return inCode.filter((code) => /^(?:spec|lib|benchmarks|docs|testing|demo|\.ci)\/[\w./-]+$/.test(code));
}

import { inspect } from 'node:util';
import { OPTIONS } from '../../lib/options/options-table.ts';

const HEADER = '| option | default | meaning |\n| --- | --- | --- |\n';

/** The README with the table of the options as lib/options/options-table.ts has it. */
export function withOptionsTable(readme: string): string {
  const begin = readme.indexOf(HEADER);
  const end = readme.indexOf('\n\n', begin);
  if (begin < 0 || end < 0) throw new Error('The README has no table of options');
  return `${readme.slice(0, begin)}${HEADER}${rows().join('\n')}${readme.slice(end)}`;
}

/** Options of one meaning, one after the other, share a row. */
function rows(): string[] {
  const options = Object.entries(OPTIONS).map(([name, option]) => ({ ...option, name }));
  const first = options.filter(({ meaning }, at) => meaning !== options[at - 1]?.meaning);
  return first.map(({ meaning, word, fallback }) => {
    const names = options.filter((option) => option.meaning === meaning).map(({ name }) => `\`${name}\``);
    const shown = word ?? (fallback === undefined ? 'none' : `\`${code(fallback)}\``);
    return `| ${names.join(', ')} | ${shown} | ${meaning.replaceAll('|', '\\|')} |`;
  });
}

function code(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY }).replaceAll(/(?<=^\[) | (?=\]$)/g, '');
}

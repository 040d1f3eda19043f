// Rolls the declarations of lib up into one text: those that an entry of the package exports, and what these refer to. The
// tools for this need TypeScript's JavaScript API, which TypeScript 7 does not have. It relies on how `tsc` writes declarations:
// each statement begins at the beginning of a line. It throws where two declarations that are needed have the same name; the
// specs of the package compile what it makes.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Module
 * @property {Map<string, string[]>} declared the statements by the name that they declare
 * @property {Map<string, string>} packages an import statement by each name that is imported from a package
 * @property {Map<string, string>} files the files by the name that is imported or exported from them
 */

/**
 * @param {string} directory what `tsc` has written
 * @param {string} entry the name of a file there: its exports are what the text exports
 * @returns {string} for ESM
 */
export function rolledUpDeclarations(directory, entry) {
  /** @type {Map<string, Module>} */
  const modules = new Map();
  /** @type {Map<string, { file: string, statements: string[] }>} */
  const rolledUp = new Map();
  /** @type {Set<string>} */
  const imports = new Set();

  const moduleAt = (/** @type {string} */ file) => {
    const module = modules.get(file) ?? parse(file);
    modules.set(file, module);
    return module;
  };

  const add = (/** @type {string} */ file, /** @type {string} */ name) => {
    const { declared, packages, files } = moduleAt(file);
    const from = files.get(name);
    if (from !== undefined) add(from, name);
    const statement = packages.get(name);
    if (statement !== undefined) imports.add(statement);
    const statements = declared.get(name);
    if (statements === undefined) return;
    const known = rolledUp.get(name);
    if (known?.file === file) return;
    if (known !== undefined) throw new Error(`"${name}" is declared in ${known.file} and in ${file}`);
    rolledUp.set(name, { file, statements });
    for (const [word] of withoutComments(statements.join('\n')).matchAll(/[A-Za-z_$][\w$]*/g))
      add(file, word);
  };

  const index = join(directory, `${entry}.d.ts`);
  const exported = [...moduleAt(index).files.keys()];
  for (const name of exported) add(index, name);
  const statements = [...rolledUp.values()].flatMap((one) => one.statements);
  return `${[...imports].sort().join('\n')}\n${statements.join('\n')}\nexport { ${exported.join(', ')} };\n`;
}

/** @param {string} file @returns {Module} */
function parse(file) {
  /** @type {Module} */
  const module = { declared: new Map(), packages: new Map(), files: new Map() };
  for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
    const code = withoutComments(statement);
    const from = /^(?:import|export)\b(.*?)\bfrom '(.+)';\s*$/s.exec(code);
    if (from !== null) {
      const [, names = '', path = ''] = from;
      for (const [, name = ''] of names.matchAll(/\b(?!type\b)([A-Za-z_$][\w$]*)/g)) {
        if (path.startsWith('.')) module.files.set(name, join(dirname(file), path.replace(/\.ts$/, '.d.ts')));
        else
          module.packages.set(
            name,
            `import type ${names.includes('{') ? `{ ${name} }` : name} from '${path}';`,
          );
      }
      continue;
    }
    const [, name] =
      /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const) ([\w$]+)/.exec(
        code.trim(),
      ) ?? [];
    if (name === undefined) continue;
    const text = statement.replace(/^export /m, '');
    module.declared.set(name, [...(module.declared.get(name) ?? []), text]);
  }
  return module;
}

/** @param {string} text @returns {string[]} each with the comment above it */
function statementsOf(text) {
  /** @type {string[]} */
  const statements = [];
  let lines = [];
  let depth = 0;
  for (const line of text.split('\n')) {
    lines.push(line);
    if (/^\s*(\*|\/\*)/.test(line)) continue;
    depth += line.split(/[{([]/).length - line.split(/[})\]]/).length;
    if (depth > 0 || !/[;}]$/.test(line)) continue;
    statements.push(lines.join('\n'));
    lines = [];
  }
  return statements;
}

/** @param {string} text */
function withoutComments(text) {
  return text.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

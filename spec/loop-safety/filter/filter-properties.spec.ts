import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allOf,
  anyOf,
  compileFilter,
  type FilterTable,
  not,
  type RecordFilter,
} from '../../../lib/loop-safety/filter/filter.ts';
import { NPM, record, refuse } from './filter-records.ts';

// In their order, so that an index is a severity.
const levels = Object.keys(NPM);
// Few names, so that prefixes coincide.
const segment = fc.constantFrom('a', 'b', 'ab', 'constructor', '__proto__', 'é #');
const module = fc.array(segment, { maxLength: 4 }).map((segments) => segments.join('/'));
const rule = fc.oneof(fc.boolean(), fc.constantFrom(...levels));
const table: fc.Arbitrary<FilterTable> = fc
  .array(fc.tuple(module, rule), { maxLength: 6 })
  // Not by assignment, which would lose `__proto__`.
  .map((entries) => Object.fromEntries(entries));
const logged = fc.record({ module, level: fc.constantFrom(...levels) }).map((fields) => record(fields));
const filter = fc.oneof(
  table,
  module,
  fc.boolean().map((answer) => () => answer),
);

function test(given: RecordFilter, of: ReturnType<typeof record>): boolean {
  return compileFilter(given, undefined, refuse).test(of, NPM);
}

/** loguru's `filter_by_level`, in its own way: from the root down, the last hit counts. */
function model(rules: FilterTable, { module: name, severity }: ReturnType<typeof record>): boolean {
  const entries = new Map(Object.entries(rules));
  let found = entries.get('') ?? true;
  let lookup = '';
  for (const part of name.split('/')) {
    lookup += part;
    found = entries.get(lookup) ?? found;
    lookup += '/';
  }
  return typeof found === 'boolean' ? found : severity <= levels.indexOf(found);
}

describe('for any filter and record', () => {
  it('a table does as loguru', () => {
    fc.assert(
      fc.property(table, logged, (rules, of) => {
        expect(test(rules, of)).toBe(model(rules, of));
      }),
    );
  });

  it('a module is the table that closes the root and opens it', () => {
    const named = module.filter((name) => name !== '');
    fc.assert(
      fc.property(named, logged, (name, of) => {
        const rules = Object.fromEntries([
          ['', false],
          [name, true],
        ]) as FilterTable;
        expect(test(name, of)).toBe(test(rules, of));
      }),
    );
  });

  it('not(not(f)) is f', () => {
    fc.assert(
      fc.property(filter, logged, (f, of) => {
        expect(test(not(not(f)), of)).toBe(test(f, of));
      }),
    );
  });

  it('De Morgan holds', () => {
    const filters = fc.array(filter, { maxLength: 4 });
    fc.assert(
      fc.property(filters, logged, (fs, of) => {
        expect(test(not(anyOf(...fs)), of)).toBe(test(allOf(...fs.map((f) => not(f))), of));
      }),
    );
  });

  it('a table never takes a record and refuses a more severe one', () => {
    fc.assert(
      fc.property(
        table,
        module,
        fc.constantFrom(...levels),
        fc.constantFrom(...levels),
        (rules, name, a, b) => {
          const [severe, mild] = [
            record({ module: name, level: a }),
            record({ module: name, level: b }),
          ].sort((x, y) => x.severity - y.severity);
          if (severe !== undefined && mild !== undefined && test(rules, mild))
            expect(test(rules, severe)).toBe(true);
        },
      ),
    );
  });
});

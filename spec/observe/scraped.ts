// Reads Prometheus's text format.

/** The lines of one metric, as they stand. */
export function linesOf(page: string, name: string): string[] {
  return page.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

/** The labels of a line. */
export function labelsOf(line: string): Record<string, string> {
  return Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]));
}

/** The value with exactly these labels. */
export function sampleOf(page: string, name: string, labels: Record<string, string>): number | undefined {
  const isThis = (line: string): boolean => {
    const own = labelsOf(line);
    const isIn = Object.entries(labels).every(([label, value]) => own[label] === value);
    return isIn && Object.keys(own).length === Object.keys(labels).length;
  };
  const found = linesOf(page, name).filter(isThis);
  return found.length === 1 ? Number(found[0]?.split(' ').at(-1)) : undefined;
}

/**
 * The path or URL of the file that this code runs from: of the package, or the bundle. V8 knows it in every module format
 * and after every bundler; `import.meta.url` is empty in what esbuild makes for CommonJS, and the build machine's path in
 * webpack's.
 */
export function runningFile(): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, frames) => frames[0]?.getFileName();
    const file: unknown = new Error().stack;
    return typeof file === 'string' ? file : undefined;
  } catch {
    // A frozen Error.
    return undefined;
  } finally {
    restore({ prepareStackTrace, stackTraceLimit });
  }
}

function restore(settings: Pick<ErrorConstructor, 'prepareStackTrace' | 'stackTraceLimit'>): void {
  try {
    Object.assign(Error, settings);
  } catch {
    // Frozen, so nothing has changed.
  }
}

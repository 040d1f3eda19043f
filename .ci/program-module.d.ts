/** The name of the module, without its ending. */
export const PROGRAM_MODULE: string;

/** Whether an import is of that module. */
export function isProgramModule(specifier: string, importer: string | undefined): boolean;

export const FOLDERS: readonly { readonly name: string }[];
export function importRules(): string;

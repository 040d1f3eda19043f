export function packedWorkerProgram(): Promise<string>;
export function kafkajsLicence(): string;

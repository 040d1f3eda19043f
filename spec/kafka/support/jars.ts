// The jars of Apache Kafka, resolved by Maven from Maven Central.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const POM = fileURLToPath(new URL('../pom.xml', import.meta.url));
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath';

const known = new Map<string | undefined, Promise<string>>();

/**
 * The class path for `java`. The first time on a machine it downloads some 100 MB.
 *
 * @param version of Kafka; by default that of pom.xml
 */
export function kafkaClassPath(version?: string): Promise<string> {
  const path = known.get(version) ?? resolvedClassPath(version);
  known.set(version, path);
  return path;
}

/** Maven takes seconds for it. */
async function resolvedClassPath(version: string | undefined): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kafka-class-path-'));
  const file = join(directory, 'class-path');
  try {
    const chosen = version === undefined ? [] : [`-Dkafka.version=${version}`];
    await promisify(execFile)('mvn', ['-q', '-B', '-f', POM, GOAL, `-Dmdep.outputFile=${file}`, ...chosen]);
    return (await readFile(file, 'utf8')).trim();
  } finally {
    await rm(directory, { recursive: true });
  }
}

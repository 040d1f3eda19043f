// One real broker: a Java process with its data in a directory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a broker is started with. */
export interface BrokerConfig {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  readonly classPath: string;
  readonly properties: Readonly<Record<string, string>>;
}

// Brokers of the specs hold little; three of them and Node share two cores.
const JVM = ['-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const START_LIMIT_MS = 60_000;

export class BrokerProcess {
  readonly #config: BrokerConfig;
  /** What it is started with the next time. */
  classPath: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(config: BrokerConfig) {
    this.#config = config;
    this.classPath = config.classPath;
  }

  get address(): string {
    return `${this.#config.host}:${this.#config.port}`;
  }

  /** Writes the configuration and makes the storage ready, once. */
  async format(clusterId: string, users: Readonly<Record<string, string>>): Promise<void> {
    const { properties } = this.#config;
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
    await writeFile(this.#propertiesFile, `${lines.join('\n')}\n`);
    const scram = Object.entries(users).flatMap(([name, password]) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
    );
    const about = ['-t', clusterId, '-c', this.#propertiesFile];
    await this.runTool(['kafka.tools.StorageTool', 'format', ...about, ...scram]);
  }

  /** Runs one of Kafka's own tools to its end. */
  async runTool(args: readonly string[]): Promise<void> {
    const child = this.#java(args);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${args[0]} failed:\n${this.#output.slice(-4_000)}`);
  }

  /** Resolves when it takes connections: also after a kill, with the data it had. One that runs is left as it is. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    const child = this.#java(['kafka.Kafka', this.#propertiesFile]);
    this.#child = child;
    const deadline = performance.now() + START_LIMIT_MS;
    while (!(await this.#listens())) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`broker ${this.#config.id} did not start:\n${this.#output.slice(-4_000)}`);
      await delay(100);
    }
  }

  /** TERM takes its leave of the cluster; KILL does not. Resolves when it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.#isRunning) return;
    this.#child = undefined;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Stops its clock, as it were: connections stay, nothing is answered. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get #propertiesFile(): string {
    return join(this.#config.directory, 'server.properties');
  }

  #java(args: readonly string[]): ChildProcess {
    const { directory } = this.#config;
    const child = spawn('java', [...JVM, '-cp', this.classPath, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const note = (text: Buffer): void => {
      this.#output = (this.#output + text.toString()).slice(-20_000);
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    // Whatever ends the runner must not leave it behind; a frozen one only goes by KILL.
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    return child;
  }

  #listens(): Promise<boolean> {
    const { host, port } = this.#config;
    return new Promise((resolve) => {
      const socket = connect({ host, port });
      const answer = (isOpen: boolean) => () => {
        socket.destroy();
        resolve(isOpen);
      };
      socket.once('connect', answer(true)).once('error', answer(false));
    });
  }
}

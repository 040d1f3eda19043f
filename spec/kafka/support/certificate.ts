// The brokers' certificate, made with the tool that comes with Java.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** It opens nothing but what a run of the specs has made and takes away. */
export const STORE_PASSWORD = 'only-for-specs';

export interface Certificate {
  /** Path of a PKCS12 key store. */
  readonly keyStore: string;
  /** PEM: what a client has to trust. */
  readonly ca: string;
}

/**
 * Self-signed, for 127.0.0.1, valid for two days.
 *
 * @param start as `keytool` has it: `-10d` for one that has expired
 */
export async function makeCertificate(
  directory: string,
  name = 'broker',
  start = '-0d',
): Promise<Certificate> {
  const keyStore = join(directory, `${name}.p12`);
  const store = [
    '-keystore',
    keyStore,
    '-storetype',
    'PKCS12',
    '-storepass',
    STORE_PASSWORD,
    '-alias',
    'broker',
  ];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1'];
  await run('keytool', [
    '-genkeypair',
    '-keyalg',
    'RSA',
    '-startdate',
    start,
    '-validity',
    '2',
    ...subject,
    ...store,
  ]);
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', ...store]);
  return { keyStore, ca: stdout };
}

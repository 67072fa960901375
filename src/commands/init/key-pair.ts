import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { closeSync, existsSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';

const BITS = 2048;

/**
 * Makes an RSA key pair as Snowflake takes it, and writes the private key into a new file that only its owner can read, as a PKCS#8 PEM.
 * Throws a ConfigError if the file is there already, or cannot be written. The file is whole or not there.
 *
 * https://docs.snowflake.com/en/user-guide/key-pair-auth
 *
 * @returns the public key in base64, as `RSA_PUBLIC_KEY` takes it
 */
export function makeKeyPair(file: string): string {
  if (existsSync(file)) throw isThere(file);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: BITS });
  const part = `${file}.${process.pid}.part`;
  try {
    const opened = openSync(part, 'wx', 0o600);
    writeSync(opened, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    closeSync(opened);
    // Unlike a rename, a link replaces nothing.
    linkSync(part, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw isThere(file);
    throw new ConfigError(`The key file ${file} cannot be written (${codeOf(error)}). Choose another path.`);
  } finally {
    rmSync(part, { force: true });
  }
  return publicKeyOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** The public half of a private key (an unencrypted PEM) in base64, without the lines around it. */
export function publicKeyOf(privateKey: string): string {
  const key = createPublicKey(createPrivateKey(privateKey));
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

function isThere(file: string): ConfigError {
  return new ConfigError(
    `The key file ${file} is there already, and is never overwritten. Use it with --private-key-file, or choose another path.`,
  );
}

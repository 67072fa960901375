import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { codeOf } from '../json.js';
import { registerSecret } from '../log.js';

export interface KeyOptions {
  private_key?: string;
  private_key_file?: string;
  private_key_password?: string;
}

/** Bits of a mode that let others than the owner read, write or execute. */
const OTHERS = 0o077;
const LEAST_BITS = 2048;

/**
 * The RSA private key of a key pair login, as an unencrypted PKCS#8 PEM, in memory only. `private_key` is the PEM text or a
 * file's path, `private_key_file` a path. Throws a ConfigError that says what is wrong with the key, and never shows it.
 * Snowflake's rules: https://docs.snowflake.com/en/user-guide/key-pair-auth
 */
export function readPrivateKey({
  private_key: given,
  private_key_file: file,
  private_key_password: password,
}: KeyOptions): string {
  if (given && file)
    throw new ConfigError('credentials has both private_key and private_key_file. Leave one of them out.');
  registerSecret(password);
  if (file) return parse(readKeyFile(file, 'private_key_file'), password, `The key in ${file}`);
  if (!given?.trim()) {
    throw new ConfigError('The destination configuration cannot be used: credentials.private_key is missing.');
  }
  const isText = given.includes('-----BEGIN') || given.includes('\n') || given.length > 1000;
  const text = isText ? given : readKeyFile(given.trim(), 'private_key');
  return parse(text, password, isText ? 'credentials.private_key' : `The key in ${given.trim()}`);
}

function readKeyFile(path: string, option: string): string {
  let mode: number;
  let text: string;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `${code}`;
    const hint = option === 'private_key' ? ' (private_key is the text of a PEM file, or the path of one)' : '';
    throw new ConfigError(`credentials.${option}: the key file ${path} cannot be read: ${why}${hint}.`);
  }
  // Windows has no such modes.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    throw new ConfigError(
      `The key file ${path} can be read by others than its owner (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`,
    );
  }
  return text;
}

function parse(text: string, password: string | undefined, what: string): string {
  const pem = normalise(text);
  if (!pem.includes('-----BEGIN')) {
    throw new ConfigError(`${what} is not a PEM text: it should begin with -----BEGIN PRIVATE KEY-----.`);
  }
  if (/-----BEGIN (RSA )?PUBLIC KEY/.test(pem)) {
    throw new ConfigError(`${what} is the public key. Give the private one; Snowflake has the public one.`);
  }
  const encrypted = pem.includes('ENCRYPTED');
  if (encrypted && !password) {
    throw new ConfigError(`${what} is encrypted. Set credentials.private_key_password.`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(encrypted ? { passphrase: password } : {}) });
  } catch {
    throw new ConfigError(
      encrypted
        ? `${what} cannot be decrypted with credentials.private_key_password.`
        : `${what} is not a private key that can be read. It should be the whole PEM file, as openssl wrote it.`,
    );
  }
  if (key.asymmetricKeyType !== 'rsa') {
    throw new ConfigError(`${what} is of the type ${key.asymmetricKeyType}. Snowflake takes RSA keys.`);
  }
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS) {
    throw new ConfigError(`${what} has fewer than ${LEAST_BITS} bits, which Snowflake refuses. Make a longer one.`);
  }
  const plain = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  registerSecret(plain);
  registerSecret(text);
  return plain;
}

const PEM = /-----\s*BEGIN\s*((?:RSA|ENCRYPTED)?)\s*PRIVATE\s*KEY\s*-----([\s\S]*)-----\s*END[A-Z\s]*-----/;
const PEM_LINE = /.{1,64}/g;

/**
 * Keys come with `\n` as two characters where they went through an environment variable, with CR LF or indented lines, or on one
 * line, with blanks or nothing where the lines ended. All of it has one meaning: in the base64 between the two marks, white space has none.
 */
function normalise(text: string): string {
  const lines = text.replaceAll('\\n', '\n').replaceAll('\\r', '').trim();
  const [, kind, body = ''] = PEM.exec(lines) ?? [];
  const packed = body.replace(/\s+/g, '');
  // OpenSSL's older encrypted keys have headers in front of the base64.
  if (kind === undefined || !/^[A-Za-z0-9+/=]+$/.test(packed)) return `${lines.replaceAll('\r\n', '\n')}\n`;
  const label = `${kind === '' ? '' : `${kind} `}PRIVATE KEY`;
  return `-----BEGIN ${label}-----\n${(packed.match(PEM_LINE) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

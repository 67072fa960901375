import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';
import { registerSecret } from '../../log.js';

export interface KeyOptions {
  private_key?: string;
  private_key_file?: string;
  private_key_password?: string;
}

/** Permission bits of users other than the owner. */
const OTHERS = 0o077;
const LEAST_BITS = 2048;

/**
 * Reads the RSA private key of a key pair login and returns it as an unencrypted PKCS#8 PEM, which never touches the disk.
 * `private_key` is the PEM text or the path of a file, `private_key_file` a path. Throws a ConfigError that says what is wrong with
 * the key without showing it.
 * Snowflake's requirements: https://docs.snowflake.com/en/user-guide/key-pair-auth
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
  // Windows has no permission bits.
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
 * Restores the line structure of a PEM text. Keys arrive with `\n` as two characters (from environment variables), with CRLF or
 * indented lines, or on a single line with blanks or nothing in place of line breaks. White space is insignificant within the
 * base64, so all of these are unambiguous.
 */
function normalise(text: string): string {
  const lines = text.replaceAll('\\n', '\n').replaceAll('\\r', '').trim();
  const [, kind, body = ''] = PEM.exec(lines) ?? [];
  const packed = body.replace(/\s+/g, '');
  // Encrypted keys in OpenSSL's traditional format have headers in front of the base64; they are left as they are.
  if (kind === undefined || !/^[A-Za-z0-9+/=]+$/.test(packed)) return `${lines.replaceAll('\r\n', '\n')}\n`;
  const label = `${kind === '' ? '' : `${kind} `}PRIVATE KEY`;
  return `-----BEGIN ${label}-----\n${(packed.match(PEM_LINE) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

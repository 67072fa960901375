import { existsSync, readFileSync } from 'node:fs';
import { literal } from '../../config/environment.js';
import { readPrivateKey } from '../../config/snowflake/private-key.js';
import type { Answers } from './answers.js';
import { ignoreInGit, isInRepository } from './git.js';
import { makeKeyPair, publicKeyOf } from './key-pair.js';
import type { Secrets } from './secrets.js';

/** How the pipeline logs in to Snowflake. */
export interface SnowflakeLogin {
  /** The destination's `credentials`, with `${NAME}` for secrets. */
  credentials: object;
  /** In base64; null: the login is not by a key. */
  publicKey: string | null;
  /** Whether the key was made just now, so that Snowflake cannot know it. */
  isNew: boolean;
}

const USUAL_KEY_FILE = 'hubflake.p8';

/** Asks how to log in: by a key pair that is made now or is there, or by a token. */
export async function askLogin(answers: Answers, secrets: Secrets): Promise<SnowflakeLogin> {
  switch (await askKind(answers)) {
    case 'make': {
      const file = await askKeyFile(answers);
      const publicKey = makeKeyPair(file);
      const git = isInRepository(file) ? ignoreInGit(file) : null;
      answers.say(
        [`The private key is in ${file}, which only you can read (mode 600). Keep it.`, git].filter(Boolean).join(' '),
      );
      return { credentials: byKey(file), publicKey, isNew: true };
    }
    case 'file':
      return askExistingKey(answers, secrets);
    case 'token': {
      const message = 'The programmatic access token';
      const token = await answers.secret({ flag: 'snowflake-token', variable: 'SNOWFLAKE_TOKEN', message });
      const credentials = {
        auth_type: 'Programmatic Access Token',
        token: secrets.keep('SNOWFLAKE_TOKEN', token),
      };
      return { credentials, publicKey: null, isNew: false };
    }
  }
}

async function askKind(answers: Answers): Promise<'make' | 'file' | 'token'> {
  if (answers.flag('make-key')) return 'make';
  if (answers.given('private-key-file')) return 'file';
  if (answers.given('snowflake-token', 'SNOWFLAKE_TOKEN')) return 'token';
  if (!answers.prompts) return 'file';
  return answers.prompts.choice('How does that user log in?', [
    { value: 'make', label: 'By a key pair, which is made now' },
    { value: 'file', label: 'By a key pair whose private key I have' },
    { value: 'token', label: 'By a programmatic access token' },
  ]);
}

function askKeyFile(answers: Answers): Promise<string> {
  const message = 'Where is the private key to go?';
  const check = (file: string) =>
    existsSync(file) ? `${file} is there already, and is never overwritten. Choose another path.` : undefined;
  // A script may leave it out.
  if (!answers.prompts) return Promise.resolve(answers.given('key-file') ?? USUAL_KEY_FILE);
  return answers.text({ flag: 'key-file', message, fallback: USUAL_KEY_FILE, check });
}

async function askExistingKey(answers: Answers, secrets: Secrets): Promise<SnowflakeLogin> {
  const file = await answers.text({
    flag: 'private-key-file',
    message: 'Path of the private key',
    fallback: USUAL_KEY_FILE,
    check: (given) => (contentOf(given) === null ? `The file ${given} cannot be read. Check the path.` : undefined),
  });
  const password = contentOf(file)?.includes('ENCRYPTED')
    ? await answers.secret({
        flag: 'private-key-password',
        variable: 'SNOWFLAKE_PRIVATE_KEY_PASSWORD',
        message: 'Password of the key',
      })
    : undefined;
  const options = { private_key_file: file, ...(password === undefined ? {} : { private_key_password: password }) };
  const publicKey = publicKeyOf(readPrivateKey(options));
  const inPipeline =
    password === undefined ? {} : { private_key_password: secrets.keep('SNOWFLAKE_PRIVATE_KEY_PASSWORD', password) };
  return { credentials: { ...byKey(file), ...inPipeline }, publicKey, isNew: false };
}

/** null: it cannot be read. */
function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function byKey(file: string): object {
  return { auth_type: 'Key Pair Authentication', private_key_file: literal(file) };
}

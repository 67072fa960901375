import { optionsOf } from '../../config/snowflake/connection-options.js';
import { connectionNames, findConnection } from '../../config/snowflake/connections-toml.js';
import { textOf } from '../../config/snowflake/credentials.js';
import { ConfigError } from '../../errors.js';
import type { Answers } from './answers.js';
import type { Prompts } from './prompts.js';

/** Whose Snowflake it is, and how syncs are to log in there. */
export type SnowflakeAccount =
  /** As a connection of Snowflake's own files does. */
  { kind: 'connection'; connection: string } | OwnUser;

/** As a user of its own. */
export interface OwnUser {
  kind: 'user';
  host: string;
  /** The connection that an admin may log in by; null: none was named. */
  connection: string | null;
  /** The connections that there are to choose from; none where nobody is there to choose. */
  known: readonly string[];
}

const OTHER = '';

/** Asks for the account: one of the connections that Snowflake's tools on this machine have, or another one. */
export async function askAccount(answers: Answers): Promise<SnowflakeAccount> {
  const given = answers.given('connection');
  if (given !== undefined) return { kind: 'connection', connection: given };
  const admin = answers.given('setup-connection') ?? null;
  const host = answers.given('host') ?? (admin === null ? undefined : hostOf(admin));
  const names = answers.prompts ? knownConnections(answers.prompts) : [];
  const user = { kind: 'user' as const, connection: admin, known: names };
  if (host !== undefined || !answers.prompts) return { ...user, host: fullHost(host ?? '') };
  const connection =
    names.length === 0
      ? OTHER
      : await answers.prompts.choice('Which Snowflake account?', [
          ...names.map((name) => ({ value: name, label: `That of the connection ${name}` })),
          { value: OTHER, label: 'Another one' },
        ]);
  if (connection === OTHER) return { ...user, host: await askHost(answers) };
  const how = await answers.prompts.choice('As whom are syncs to log in?', [
    { value: 'user', label: 'As a user of its own, which has no other rights', hint: 'recommended' },
    { value: 'connection', label: `As the connection ${connection} does` },
  ]);
  if (how === 'connection') return { kind: 'connection', connection };
  return { ...user, host: hostOf(connection) ?? (await askHost(answers)), connection: admin ?? connection };
}

/** The options that a connection does not have, of those that a destination needs. */
export function lackingIn(connection: string): string[] {
  const { options } = optionsOf(findConnection(connection), connection, true);
  return ['database', 'schema'].filter((option) => options[option] === undefined);
}

/** The names of connections. A file that is broken is said, and goes no further: another account can be named. */
function knownConnections(prompts: Prompts): string[] {
  try {
    return connectionNames();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    prompts.warn(error.message);
    return [];
  }
}

function hostOf(connection: string): string | undefined {
  return textOf(optionsOf(findConnection(connection), connection, false).options.host) ?? undefined;
}

async function askHost(answers: Answers): Promise<string> {
  const question = {
    flag: 'host',
    message: 'The account, as Snowsight shows it under Account details: myorg-myaccount, or its URL',
    check: (given: string) =>
      /^(https?:\/\/)?[A-Za-z0-9._-]+(:\d+)?\/?$/.test(given) ? undefined : 'This is neither an account nor a URL.',
  };
  return fullHost(await answers.text(question));
}

/** An account's host by its identifier or URL. */
function fullHost(given: string): string {
  const host = given.replace(/^https:\/\//i, '').replace(/\/$/, '');
  return /[.:]|^localhost$/.test(host) ? host : `${host}.snowflakecomputing.com`;
}

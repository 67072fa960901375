import { literals } from '../../config/environment.js';
import { parseSnowflakeConfig, type SnowflakeConfig } from '../../config/snowflake/snowflake.js';
import { asHubflakeError, CredentialsError, StoppedError } from '../../errors.js';
import { redact } from '../../log.js';
import { type SetupNames, script, setPublicKey, setupStatements } from '../../warehouse/snowflake/setup/statements.js';
import type { Answers } from './answers.js';
import { checkDestination } from './check-destination.js';
import type { Secrets } from './secrets.js';
import { askAccount, lackingIn, type OwnUser } from './snowflake-account.js';
import { askLogin, type SnowflakeLogin } from './snowflake-login.js';

/** What was found out about a destination. */
export interface SnowflakeDestination {
  /** The pipeline's `destination`. */
  destination: object;
  /** Whether it was tried, and works. */
  isTried: boolean;
}

/** Asks for Snowflake's account, user and schema, helps to set them up, and tries them. */
export async function askSnowflake(answers: Answers, secrets: Secrets): Promise<SnowflakeDestination> {
  const account = await askAccount(answers);
  if (account.kind === 'connection') {
    const destination = await askRest(answers, account.connection);
    return { destination, isTried: await tried(answers, destination, secrets, null) };
  }
  const names = await askNames(answers);
  const login = await askLogin(answers, secrets);
  const { user, ...places } = names;
  const texts = literals({ host: account.host, ...places, username: user });
  const destination = { ...texts, credentials: login.credentials };
  const isSetUp = await setUp(answers, account, names, login);
  const alter = login.publicKey === null ? null : setPublicKey(user, login.publicKey);
  return { destination, isTried: isSetUp && (await tried(answers, destination, secrets, alter)) };
}

/** A destination as a connection has it, with what that lacks, or what is to be other. */
async function askRest(answers: Answers, connection: string): Promise<object> {
  const destination: Record<string, string> = { connection };
  const lacking = lackingIn(connection);
  for (const [option, { message, fallback }] of Object.entries(PLACES)) {
    const given = answers.given(option);
    if (given !== undefined) destination[option] = given;
    else if (lacking.includes(option)) {
      destination[option] = await answers.text({ flag: option, message, fallback });
    }
  }
  return literals(destination);
}

const PLACES = {
  database: { message: 'Database', fallback: 'ANALYTICS' },
  schema: { message: 'Schema for the tables', fallback: 'HUBSPOT' },
  warehouse: { message: 'Warehouse that does the work', fallback: 'HUBFLAKE_WH' },
  role: { message: 'Role', fallback: 'HUBFLAKE' },
};

async function askNames(answers: Answers): Promise<SetupNames> {
  const ask = (flag: keyof typeof PLACES) => answers.text({ flag, ...PLACES[flag] });
  const database = await ask('database');
  const schema = await ask('schema');
  const warehouse = await ask('warehouse');
  const role = await ask('role');
  const user = await answers.text({ flag: 'username', message: 'User that syncs log in as', fallback: 'HUBFLAKE' });
  return { database, schema, warehouse, role, user };
}

/** @returns whether all should be there by now */
async function setUp(
  answers: Answers,
  account: OwnUser,
  names: SetupNames,
  { publicKey, isNew }: SnowflakeLogin,
): Promise<boolean> {
  const statements = setupStatements(names, publicKey);
  const canRun = answers.prompts === null || account.known.length > 0;
  const how = await answers.choice('setup', 'User, role, warehouse and schema:', [
    { value: 'print', label: 'Show me the SQL that sets them up, for an admin' },
    ...(canRun ? [{ value: 'run' as const, label: 'Set them up now, with a connection whose role may' }] : []),
    { value: 'done', label: 'They are all there' },
  ]);
  if (how === 'run' && (await ran(answers, account, names, statements))) return true;
  const newKey =
    publicKey !== null && isNew
      ? `-- ${names.user} is there already? Then its key:\n${setPublicKey(names.user, publicKey)};`
      : null;
  if (how === 'done') {
    if (newKey === null) return true;
    answers.show(newKey);
  } else answers.show([script(statements), ...(newKey === null ? [] : [newKey])].join('\n'));
  if (!answers.prompts) return false;
  return answers.prompts.confirm('Has this been run? Then the destination is tried now.', true);
}

/** @returns whether the statements were run; false: they were refused, and somebody is there to be told */
async function ran(
  answers: Answers,
  { connection: chosen, known }: OwnUser,
  names: SetupNames,
  statements: readonly string[],
): Promise<boolean> {
  const connection = chosen ?? (await askAdmin(answers, known));
  try {
    const { runSetup } = await import('../../warehouse/snowflake/setup/run.js');
    answers.say(`Setting up as the connection ${connection} logs in …`);
    await runSetup(adminConfig(answers, connection, names), statements);
    answers.say(`${names.user}, ${names.role}, ${names.warehouse} and ${names.database}.${names.schema} are set up.`);
    return true;
  } catch (error) {
    if (!answers.prompts || error instanceof StoppedError) throw error;
    answers.prompts.warn(redact(asHubflakeError(error).message));
    return false;
  }
}

function askAdmin(answers: Answers, known: readonly string[]): Promise<string> {
  const message = 'Which connection has a role that may create users and warehouses?';
  const choices = known.map((name) => ({ value: name, label: name }));
  return answers.choice('setup-connection', message, choices);
}

/** The login that an admin has, to whom none of the places need be known. */
function adminConfig(answers: Answers, connection: string, { database, schema }: SetupNames): SnowflakeConfig {
  const role = answers.given('setup-role');
  return parseSnowflakeConfig({ connection, database, schema, ...(role === undefined ? {} : { role }) });
}

/**
 * Tries the destination until it works, or whoever is there goes on without.
 *
 * @param alter the statement that gives the user its key, which is what is forgotten most
 */
async function tried(answers: Answers, destination: object, secrets: Secrets, alter: string | null): Promise<boolean> {
  if (!answers.flag('check')) return false;
  for (;;) {
    try {
      await checkDestination(answers, destination, secrets.within(process.env));
      return true;
    } catch (error) {
      if (!answers.prompts || error instanceof StoppedError) throw error;
      answers.prompts.warn(redact(asHubflakeError(error).message));
      if (alter !== null && error instanceof CredentialsError) answers.show(`${alter};`);
    }
    const next = await answers.prompts.choice('What now?', [
      { value: 'again', label: 'Try it again' },
      { value: 'later', label: 'Write the pipeline all the same; I will see to that later' },
      { value: 'stop', label: 'Stop, and write nothing' },
    ]);
    if (next === 'later') return false;
    if (next === 'stop') throw new StoppedError('Stopped.');
  }
}

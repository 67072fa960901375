/**
 * What the account's suite is told by its environment: SNOWFLAKE_TEST_* name a real account (CONTRIBUTING.md has the list). HUBFLAKE_SNOWFLAKE
 * stands in for all of them with a stand-in that is played on this machine: its URL, or `stand-in` for one of the suite's own.
 */

const variable = (name: string): string | undefined => process.env[`SNOWFLAKE_TEST_${name}`] || undefined;

/** Set where nothing is asked of an account: the harness is tried, and those steps that a stand-in can play. */
export const dryRun = (): string | undefined => process.env.HUBFLAKE_SNOWFLAKE || undefined;

/** Of the destination's options those that say who writes where, but for the schema; of the values, secrets can be left in the environment. */
export function accountOptions({ secrets, standIn }: { secrets: 'given' | 'named'; standIn?: string | undefined }) {
  if (standIn !== undefined) return standInOptions(standIn);
  const missing = ['HOST', 'DATABASE', 'WAREHOUSE', 'ROLE', 'USERNAME'].filter((name) => !variable(name));
  const key = variable('PRIVATE_KEY_FILE');
  if (!key && !variable('TOKEN')) missing.push('PRIVATE_KEY_FILE (or SNOWFLAKE_TEST_TOKEN)');
  // This suite is only run on purpose: it does not pass for want of an account.
  if (missing.length > 0) throw new Error(`Set ${missing.map((name) => `SNOWFLAKE_TEST_${name}`).join(', ')}.`);
  const secret = (name: string): string | undefined =>
    variable(name) && (secrets === 'named' ? `\${SNOWFLAKE_TEST_${name}}` : variable(name));
  const credentials = key
    ? { private_key_file: key, private_key_password: secret('PRIVATE_KEY_PASSWORD') }
    : { token: secret('TOKEN') };
  return {
    host: variable('HOST') as string,
    database: variable('DATABASE') as string,
    warehouse: variable('WAREHOUSE') as string,
    role: variable('ROLE') as string,
    username: variable('USERNAME') as string,
    credentials: JSON.parse(JSON.stringify(credentials)) as Record<string, string>,
  };
}

function standInOptions(url: string) {
  return {
    host: url,
    database: 'ANALYTICS',
    warehouse: 'LOADING',
    role: 'LOADER',
    username: 'LOADER',
    credentials: { auth_type: 'Programmatic Access Token', token: 'token-of-the-loader' } as Record<string, string>,
  };
}

/** What single steps are told. */
export const stepVariables = {
  /** Rows of the table that step 3 merges into. */
  rows: (): number => Number(variable('ROWS') ?? (dryRun() ? 2_000 : 10_000_000)),
  /** A role of the same user that may set policies on the user; the suite's own by default. */
  adminRole: () => variable('ADMIN_ROLE'),
  computePool: () => variable('COMPUTE_POOL'),
  /** The image's path in the account: /DB/SCHEMA/REPOSITORY/source-hubspot:tag */
  image: () => variable('IMAGE'),
  /** An external access integration that the job is given, as setup.sql does; it makes no use of it. */
  integration: () => variable('INTEGRATION'),
};

import type { Answers } from './answers.js';

/**
 * What a script has to give and did not, all of it, as the options are written. What has a usual answer is only missing without `--yes`.
 */
export function missingAnswers(answers: Answers): string[] {
  const lacks = (...ways: [flag: string, variable?: string][]) =>
    ways.every((way) => answers.given(...way) === undefined);
  const usual = (...flags: string[]) =>
    answers.flag('yes') ? [] : flags.filter((flag) => lacks([flag])).map((flag) => `--${flag}`);
  const secret = (flag: string, variable: string) =>
    lacks([flag, variable]) ? [`--${flag} (better: ${variable} in the environment)`] : [];
  const isOauth = answers.given('auth') === 'oauth';
  const login = isOauth
    ? [
        ...(lacks(['client-id', 'HUBSPOT_CLIENT_ID']) ? ['--client-id'] : []),
        ...secret('client-secret', 'HUBSPOT_CLIENT_SECRET'),
        ...secret('refresh-token', 'HUBSPOT_REFRESH_TOKEN'),
      ]
    : secret('token', 'HUBSPOT_TOKEN');
  const common = [...usual('name'), ...login, ...usual('objects', 'destination')];
  const destination = answers.given('destination');
  if (destination !== 'snowflake') return destination === undefined ? common : [...common, ...usual('path')];
  if (!lacks(['connection'])) return common;
  return [
    ...common,
    ...(lacks(['host'], ['setup-connection']) ? ['--host (or --connection)'] : []),
    ...usual('database', 'schema', 'warehouse', 'role', 'username'),
    ...(lacks(['private-key-file'], ['snowflake-token', 'SNOWFLAKE_TOKEN']) && !answers.flag('make-key')
      ? ['--make-key (or --private-key-file, or SNOWFLAKE_TOKEN in the environment)']
      : []),
    ...usual('setup'),
  ];
}

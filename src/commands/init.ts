import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { literal } from '../config/environment.js';
import { parsePipelineConfig } from '../config/pipeline.js';
import { ConfigError, StoppedError } from '../errors.js';
import { configureLog, log } from '../log.js';
import { VERSION } from '../version.js';
import { Answers, missing } from './init/answers.js';
import { askDuckDb } from './init/duckdb.js';
import { newDotenv, pipelineText, writeFiles } from './init/files.js';
import { ignoreInGit, isInRepository } from './init/git.js';
import { askHubSpot, REFRESH_TOKEN } from './init/hubspot.js';
import { missingAnswers } from './init/missing.js';
import { ownCommand } from './init/own-command.js';
import { isTerminal, terminalPrompts } from './init/prompts.js';
import { Secrets } from './init/secrets.js';
import { askSnowflake } from './init/snowflake.js';
import { describePlan } from './plan.js';
import type { Given } from './runner/given.js';
import type { TextIo } from './runner/text-command.js';
import { runPlan } from './sync/run-plan.js';
import { warnOfRefreshToken } from './sync/surroundings.js';

const USUAL_PATH = 'pipeline.json';
/** As shells tell of a command that Ctrl-C has ended. */
const INTERRUPTED = 130;

/**
 * `hubflake init`: makes a pipeline by asking, or from options alone, and tries it: HubSpot's credentials, the destination, and what a
 * sync would do. Nothing is written before everything is answered, but for a key that was asked for.
 */
export async function init(io: TextIo, given: Given): Promise<number> {
  // It reports its progress in words of its own.
  if (given.logLevel === 'info') configureLog({ level: 'warn' });
  const prompts = isTerminal() && !given.flag('yes') ? await terminalPrompts() : null;
  const answers = new Answers(given, process.env, prompts, io.print);
  const lacking = prompts ? [] : missingAnswers(answers);
  if (lacking.length > 0) throw missing(lacking, answers.flag('yes'));
  try {
    return await make(io, answers);
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    answers.say('Stopped. No pipeline was written.');
    return INTERRUPTED;
  }
}

async function make({ print, stop, streams }: TextIo, answers: Answers): Promise<number> {
  const path = await askPath(answers);
  const name = literal(await answers.text({ flag: 'name', message: 'Name of the pipeline', fallback: 'hubspot' }));
  const secrets = new Secrets();
  const source = await askHubSpot(answers, secrets, stop.signal);
  const type = await answers.choice('destination', 'Where are the tables to go?', [
    { value: 'duckdb', label: 'Into a DuckDB file' },
    { value: 'snowflake', label: 'Into Snowflake' },
  ]);
  const { destination, isTried } =
    type === 'duckdb' ? { destination: await askDuckDb(answers), isTried: true } : await askSnowflake(answers, secrets);
  if (stop.signal.aborted) throw new StoppedError('Stopped.');
  await write(answers, path, { name, source, destination }, secrets);

  const command = ownCommand(process.argv[1]);
  if (!isTried) {
    print(`Once Snowflake is set up:\n  ${command} plan --config ${path}\n  ${command} sync --config ${path}`);
    return 0;
  }
  answers.say('What a first sync would do:');
  try {
    // The secrets need not be where a sync will find them.
    const config = parsePipelineConfig({ name, source, destination }, secrets.within(process.env));
    const keep = (token: string) => keepRefreshToken(token, answers, path, secrets);
    const forecast = await runPlan(config, stop.signal, streams, keep);
    print(`${describePlan(forecast, false)}\n\nNext:\n  ${command} sync --config ${path}`);
    for (const { stream, message, code } of forecast.errors) log.error(`${stream}: ${message} [${code}]`);
    return forecast.errors.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    answers.say(`Stopped. ${path} is written; ${command} plan --config ${path} shows what a sync would do.`);
    return INTERRUPTED;
  }
}

/** Where the pipeline goes; a file that is there is only overwritten where that was said. */
async function askPath(answers: Answers): Promise<string> {
  const path = answers.given('config') ?? USUAL_PATH;
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new ConfigError(`The folder ${folder} does not exist. Create it, or change --config.`);
  if (!existsSync(path) || answers.flag('force')) return path;
  const isToGo =
    answers.prompts && (await answers.prompts.confirm(`${path} is there already. Write a new one?`, false));
  if (isToGo) return path;
  throw new ConfigError(`${path} is there already, and was left as it is. Choose another --config, or add --force.`);
}

async function write(answers: Answers, path: string, pipeline: object, secrets: Secrets): Promise<void> {
  const file = { path, text: pipelineText(path, pipeline, VERSION), isSecret: false };
  if (!answers.flag('env') || secrets.values.size === 0) {
    writeFiles([file]);
    const names = [...secrets.values.keys()].join(', ');
    answers.say(`Written: ${path}.${names === '' ? '' : ` It takes ${names} from the environment.`}`);
    return;
  }
  const dotenv = newDotenv(path, secrets.values);
  await mayChange(answers, dotenv.path, dotenv.conflicts);
  writeFiles([{ ...dotenv, isSecret: true }, file]);
  const git = isInRepository(dotenv.path)
    ? ignoreInGit(dotenv.path)
    : 'This is not a git repository. If it becomes one, keep .env out of it.';
  answers.say([`Written: ${path}, and its secrets in ${dotenv.path} (mode 600).`, git].filter(Boolean).join(' '));
  for (const [name, value] of secrets.values) {
    const set = process.env[name];
    if (set !== undefined && set !== value) {
      answers.warn(
        `${name} is also set in the environment, with another value, which takes precedence over the one in .env.`,
      );
    }
  }
}

/** Of some apps each refresh token serves once: the pipeline is to have the newest. */
function keepRefreshToken(token: string, answers: Answers, path: string, secrets: Secrets): void {
  secrets.keep(REFRESH_TOKEN, token);
  if (answers.flag('env')) writeFiles([{ ...newDotenv(path, secrets.values), isSecret: true }]);
  else warnOfRefreshToken();
}

async function mayChange(answers: Answers, path: string, names: readonly string[]): Promise<void> {
  if (names.length === 0 || answers.flag('force')) return;
  const what = `${path} has ${names.join(', ')} with another value`;
  if (answers.prompts && (await answers.prompts.confirm(`${what}. Change it?`, false))) return;
  throw new ConfigError(`${what}, and nothing was written. Add --force to change it, or --no-env to leave it.`);
}

import { reachedStep } from '../../commit-steps.js';
import { WarehouseUnavailableError } from '../../errors.js';
import type { StatementRunner } from './session/statement-runner.js';

/**
 * Runs statements that change rows in one transaction: all of them are done, or none. None of them may define anything, which in
 * Snowflake would commit what was done before (https://docs.snowflake.com/en/sql-reference/transactions).
 *
 * Throws a WarehouseUnavailableError also where only the answer to the COMMIT was lost.
 *
 * @param done called with the result right before the COMMIT: from then on it may have been done
 */
export async function inTransaction<T>(
  steps: StatementRunner,
  body: () => Promise<T>,
  done: (result: T) => void = () => undefined,
): Promise<T> {
  await steps.run('BEGIN');
  let result: T;
  try {
    result = await body();
    reachedStep('before-commit');
  } catch (error) {
    await steps.tidy('ROLLBACK');
    throw error;
  }
  done(result);
  await steps.run('COMMIT', { mayBeDone: true });
  reachedStep('after-commit');
  return result;
}

/**
 * Snowflake rolls back a transaction that others wait for once its session is idle for five minutes, as while this
 * process is suspended. A statement after that would be a transaction of its own: a state without its rows.
 */
const IDLE_MS = 4 * 60_000;

/** Throws a WarehouseUnavailableError where a transaction that has begun so long ago is no more. @param begunAt epoch ms */
export async function refuseEnded(steps: StatementRunner, begunAt: number): Promise<void> {
  if (Date.now() - begunAt < IDLE_MS) return;
  const [row] = await steps.run('SELECT CURRENT_TRANSACTION() AS ID');
  if (row?.ID !== null && row?.ID !== undefined) return;
  throw new WarehouseUnavailableError('Snowflake has rolled the transaction back, as nothing came of it for minutes.');
}

import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { HubflakeError, WarehouseConfigError } from '../../../errors.js';
import { messageOf } from '../../error-parts.js';
import { Session, TIMEOUTS } from '../session/session.js';

/**
 * Runs an admin's statements, one after the other, as the user and role of `config`. Throws a WarehouseConfigError that names the first one
 * that is refused, and what the session's own errors are.
 */
export async function runSetup(config: SnowflakeConfig, statements: readonly string[]): Promise<void> {
  const session = await Session.open(config, TIMEOUTS, false);
  try {
    for (const [index, statement] of statements.entries()) {
      try {
        await session.run(statement);
      } catch (error) {
        if (error instanceof HubflakeError) throw error;
        const before = index === 0 ? 'Nothing was changed.' : `The ${index} statements before it were run.`;
        throw new WarehouseConfigError(
          `Snowflake refused ${firstWords(statement)}: ${messageOf(error)} ${before} Log in with a role that may, or give the statements to an admin; they can be run again.`,
          { cause: error },
        );
      }
    }
  } finally {
    await session.close();
  }
}

/** `CREATE ROLE IF NOT EXISTS HUBFLAKE`, without the rest, which may be long. */
function firstWords(statement: string): string {
  const words = statement.split(/\s+/);
  return words.length > 9 ? `${words.slice(0, 7).join(' ')} …` : words.join(' ');
}

/**
 * Undoes what the account's suite has made, whichever way that suite ended: a process of its own, which a Ctrl-C at the terminal does not
 * reach, and which begins when its stdin ends, be it that the suite was through or that it was killed.
 *
 * Lines on stdin: first `{"destination": options}`, then `{"undo": statement, "role"?: name}` and `{"forget": statement}`. On stdout, at the
 * end: `{"undone": n, "failed": [text]}`. It runs what `npm run build` has built.
 */
import { createInterface } from 'node:readline';
import { parseSnowflakeConfig } from '../../../dist/config/snowflake/snowflake.js';
import { newConnection } from '../../../dist/warehouse/snowflake/session/driver.js';

const ATTEMPTS = 3;
const PAUSE_MS = 5_000;

let destination = null;
const todo = [];
for await (const line of createInterface(process.stdin)) {
  const told = JSON.parse(line);
  if (told.destination) destination = told.destination;
  if (told.undo) todo.push({ sql: told.undo, role: told.role });
  if (told.forget) todo.splice(0, todo.length, ...todo.filter(({ sql }) => sql !== told.forget));
}

// Whom it reports to may be gone.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const failed = [];
let undone = 0;
let rest = todo.reverse();
for (let attempt = 1; rest.length > 0 && attempt <= ATTEMPTS; attempt++) {
  if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  failed.length = 0;
  rest = await undo(rest);
}
for (const text of failed) process.stderr.write(`\nNOT UNDONE in the account, do it by hand: ${text}\n`);
process.stdout.write(`${JSON.stringify({ undone, failed })}\n`);

/** @returns what could not be undone */
async function undo(steps) {
  let connection;
  try {
    connection = newConnection(parseSnowflakeConfig(structuredClone(destination)), null);
    await new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  } catch (error) {
    failed.push(...steps.map(({ sql }) => `${sql}  (${error.message})`));
    return steps;
  }
  const left = [];
  for (const step of steps) {
    try {
      await execute(connection, `USE ROLE "${step.role ?? destination.role}"`);
      await execute(connection, step.sql);
      undone += 1;
    } catch (error) {
      left.push(step);
      failed.push(`${step.sql}  (${error.message})`);
    }
  }
  await new Promise((resolve) => connection.destroy(resolve));
  return left;
}

function execute(connection, sqlText) {
  return new Promise((resolve, reject) => {
    connection.execute({ sqlText, complete: (error) => (error ? reject(error) : resolve()) });
  });
}

/**
 * Every error hubflake raises on purpose. Each has a stable `code` (what the docs and tests name), a `kind` (who can mend
 * it, in Airbyte's three words) and a message written for the person who runs the sync: one sentence of what is wrong and
 * one of what to do. Technical detail goes into `internal`, never a secret into either.
 */

import { stringAt } from './json.js';
import type { EpochMs } from './time.js';

/** Airbyte's `failure_type` of a TRACE ERROR: the user mends it, waiting mends it, or we must mend it. */
export type FailureKind = 'config_error' | 'transient_error' | 'system_error';

interface ErrorDetails {
  /** Technical detail for a log or a bug report. */
  internal?: string;
  cause?: unknown;
}

export abstract class HubflakeError extends Error {
  abstract readonly code: string;
  abstract readonly kind: FailureKind;
  readonly internal: string | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.internal = details.internal;
  }
}

/** HF-CONFIG: a configuration, catalog or command line that cannot be used as it is. */
export class ConfigError extends HubflakeError {
  readonly code = 'HF-CONFIG';
  readonly kind = 'config_error';
}

/** HF-STATE: a state that is not one of ours, nor one of source-hubspot's, or that belongs to another portal. */
export class StateError extends HubflakeError {
  readonly code = 'HF-STATE';
  readonly kind = 'config_error';
}

/** HF-CREDENTIALS: HubSpot (401) or the warehouse refused the credentials. */
export class CredentialsError extends HubflakeError {
  readonly code = 'HF-CREDENTIALS';
  readonly kind = 'config_error';
}

/** HF-SCOPES: HubSpot answered 403; `scopes` are the scopes of which one is needed, as HubSpot names them. */
export class MissingScopesError extends HubflakeError {
  readonly code = 'HF-SCOPES';
  readonly kind = 'config_error';
  readonly scopes: readonly string[];

  constructor(message: string, scopes: readonly string[], details?: ErrorDetails) {
    super(message, details);
    this.scopes = scopes;
  }
}

/** HF-UNKNOWN-STREAM: the catalog asks for a stream that this portal does not have today. */
export class UnknownStreamError extends HubflakeError {
  readonly code = 'HF-UNKNOWN-STREAM';
  readonly kind = 'config_error';
}

/** HF-REQUEST: HubSpot answered with a 4xx that repeating cannot mend. */
export class RequestError extends HubflakeError {
  readonly code = 'HF-REQUEST';
  readonly kind = 'system_error';
  readonly status: number;
  /** The message of HubSpot's own error body; empty where there was none. */
  readonly said: string;

  constructor(message: string, status: number, details: ErrorDetails & { said?: string } = {}) {
    super(message, details);
    this.status = status;
    this.said = details.said ?? '';
  }
}

/** HF-UNAVAILABLE: HubSpot could not be reached or kept failing after all repeats. */
export class UnavailableError extends HubflakeError {
  readonly code = 'HF-UNAVAILABLE';
  readonly kind = 'transient_error';
}

/** HF-DAILY-LIMIT: the portal's calls of the day are used up; `resetsAt` is when it can go on. */
export class DailyLimitError extends HubflakeError {
  readonly code = 'HF-DAILY-LIMIT';
  readonly kind = 'transient_error';
  readonly resetsAt: EpochMs | undefined;

  constructor(message: string, resetsAt: EpochMs | undefined, details?: ErrorDetails) {
    super(message, details);
    this.resetsAt = resetsAt;
  }
}

/** HF-INPUT: a line on stdin that is not an Airbyte message. */
export class InputError extends HubflakeError {
  readonly code = 'HF-INPUT';
  readonly kind = 'system_error';
}

/** HF-OUTPUT: stdout (or another output) cannot be written, for example because its reader is gone. */
export class OutputError extends HubflakeError {
  readonly code = 'HF-OUTPUT';
  readonly kind = 'system_error';
}

/** HF-SPOOL: the spool directory cannot be written, for example because the disk is full. */
export class SpoolError extends HubflakeError {
  readonly code = 'HF-SPOOL';
  readonly kind = 'system_error';
}

/** HF-WAREHOUSE-CONFIG: the warehouse can be reached, but not used as it is configured. */
export class WarehouseConfigError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-CONFIG';
  readonly kind = 'config_error';
}

/** HF-WAREHOUSE: a statement failed in the warehouse. */
export class WarehouseError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE';
  readonly kind = 'system_error';
}

/** HF-WAREHOUSE-UNAVAILABLE: the warehouse could not be reached, or stopped answering; waiting mends it. */
export class WarehouseUnavailableError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-UNAVAILABLE';
  readonly kind = 'transient_error';
  /** Whether the same is worth another try at once, on a new connection. */
  readonly isPassing: boolean;

  constructor(message: string, details: ErrorDetails & { isPassing?: boolean } = {}) {
    super(message, details);
    this.isPassing = details.isPassing ?? true;
  }
}

/** HF-WAREHOUSE-BUSY: another run of the same pipeline is going on, or the warehouse is one for a single program, which has it open. */
export class WarehouseBusyError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-BUSY';
  readonly kind = 'transient_error';
}

/** HF-LEASE-LOST: another run of the same pipeline has taken over from this one, which writes nothing more. */
export class LeaseLostError extends HubflakeError {
  readonly code = 'HF-LEASE-LOST';
  readonly kind = 'transient_error';
}

/** HF-SOURCE-INCOMPLETE: the source did not finish a stream, so what needs the whole of it was not done. */
export class SourceIncompleteError extends HubflakeError {
  readonly code = 'HF-SOURCE-INCOMPLETE';
  readonly kind = 'transient_error';
}

/** HF-STOPPED: a signal asked us to stop; never reported as a failure of a stream. */
export class StoppedError extends HubflakeError {
  readonly code = 'HF-STOPPED';
  readonly kind = 'transient_error';
}

/** HF-INTERNAL: anything we did not foresee, wrapped so that it, too, has a code and a kind. */
export class InternalError extends HubflakeError {
  readonly code = 'HF-INTERNAL';
  readonly kind = 'system_error';
}

/** A run that finds another one going on has done nothing, and nobody needs to be woken: it ends with a code of its own. */
const BUSY_EXIT_CODE = 4;

/** The exit code of a command that an error ends. */
export function exitCodeOf(error: HubflakeError): number {
  return error instanceof WarehouseBusyError ? BUSY_EXIT_CODE : 1;
}

/** Returns `error` itself where it is one of ours, else wraps it as an {@link InternalError} with its message inside. */
export function asHubflakeError(error: unknown): HubflakeError {
  if (error instanceof HubflakeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new InternalError(`Something went wrong inside hubflake: ${text}. Please report it.`, {
    cause: error,
    internal: text,
  });
}

/** Names of errors that JavaScript and Node throw where a program is wrong. By name, since a test's realm has classes of its own. */
const OURS = /^(Type|Range|Reference|Syntax|Eval|URI|Assertion)Error$/;

/**
 * Whether an error says that a program is wrong, ours or a library's that was called wrongly: waiting mends no such error, and no
 * warehouse or host is to blame. (`fetch` throws a TypeError for everything; of its errors, the cause tells.)
 */
export function isProgrammingError(error: unknown): boolean {
  return OURS.test(stringAt(error, 'name') ?? '');
}

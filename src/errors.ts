/**
 * Every error that hubflake raises on purpose. Each has a stable `code` (used by docs and tests), a `kind` (who can fix it, in
 * Airbyte's three terms) and a message for the person who runs the sync: one sentence on what is wrong and one on what to do.
 * Technical detail goes into `internal`; neither ever contains a secret.
 */

import { stringAt } from './json.js';
import type { EpochMs } from './time.js';

/** Airbyte's `failure_type` of a TRACE ERROR: the user can fix it, waiting fixes it, or we must fix it. */
export type FailureKind = 'config_error' | 'transient_error' | 'system_error';

interface ErrorDetails {
  /** Technical detail for logs and bug reports. */
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

/** HF-CONFIG: a configuration, catalog or command line is invalid. */
export class ConfigError extends HubflakeError {
  readonly code = 'HF-CONFIG';
  readonly kind = 'config_error';
}

/** HF-STATE: a state is neither ours nor source-hubspot's, or belongs to another portal. */
export class StateError extends HubflakeError {
  readonly code = 'HF-STATE';
  readonly kind = 'config_error';
}

/** HF-CREDENTIALS: HubSpot (401) or the warehouse refused the credentials. */
export class CredentialsError extends HubflakeError {
  readonly code = 'HF-CREDENTIALS';
  readonly kind = 'config_error';
}

/** HF-SCOPES: HubSpot responded 403; one of `scopes` is required. */
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

/** HF-REQUEST: HubSpot responded with a 4xx that a retry cannot fix. */
export class RequestError extends HubflakeError {
  readonly code = 'HF-REQUEST';
  readonly kind = 'system_error';
  readonly status: number;
  /** The message in HubSpot's error body; empty if there was none. */
  readonly said: string;

  constructor(message: string, status: number, details: ErrorDetails & { said?: string } = {}) {
    super(message, details);
    this.status = status;
    this.said = details.said ?? '';
  }
}

/** HF-UNAVAILABLE: HubSpot could not be reached, or kept failing after all retries. */
export class UnavailableError extends HubflakeError {
  readonly code = 'HF-UNAVAILABLE';
  readonly kind = 'transient_error';
}

/** HF-DAILY-LIMIT: the portal's daily calls are used up; a sync can resume at `resetsAt`. */
export class DailyLimitError extends HubflakeError {
  readonly code = 'HF-DAILY-LIMIT';
  readonly kind = 'transient_error';
  readonly resetsAt: EpochMs | undefined;

  constructor(message: string, resetsAt: EpochMs | undefined, details?: ErrorDetails) {
    super(message, details);
    this.resetsAt = resetsAt;
  }
}

/** HF-INPUT: a line on stdin is not an Airbyte message. */
export class InputError extends HubflakeError {
  readonly code = 'HF-INPUT';
  readonly kind = 'system_error';
}

/** HF-OUTPUT: stdout (or another output) cannot be written, for example because its reader has exited. */
export class OutputError extends HubflakeError {
  readonly code = 'HF-OUTPUT';
  readonly kind = 'system_error';
}

/** HF-SPOOL: the spool directory cannot be written, for example because the disk is full. */
export class SpoolError extends HubflakeError {
  readonly code = 'HF-SPOOL';
  readonly kind = 'system_error';
}

/** HF-WAREHOUSE-CONFIG: the warehouse can be reached, but not used as configured. */
export class WarehouseConfigError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-CONFIG';
  readonly kind = 'config_error';
}

/** HF-WAREHOUSE: a statement failed in the warehouse. */
export class WarehouseError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE';
  readonly kind = 'system_error';
}

/** HF-WAREHOUSE-UNAVAILABLE: the warehouse could not be reached, or stopped responding; waiting fixes it. */
export class WarehouseUnavailableError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-UNAVAILABLE';
  readonly kind = 'transient_error';
  /** Whether an immediate retry on a new connection is worthwhile. */
  readonly isPassing: boolean;

  constructor(message: string, details: ErrorDetails & { isPassing?: boolean } = {}) {
    super(message, details);
    this.isPassing = details.isPassing ?? true;
  }
}

/** HF-WAREHOUSE-BUSY: another run of the same pipeline is in progress, or another program has the single-user database open. */
export class WarehouseBusyError extends HubflakeError {
  readonly code = 'HF-WAREHOUSE-BUSY';
  readonly kind = 'transient_error';
}

/** HF-LEASE-LOST: another run of the same pipeline has taken over from this one, which stops writing. */
export class LeaseLostError extends HubflakeError {
  readonly code = 'HF-LEASE-LOST';
  readonly kind = 'transient_error';
}

/** HF-SOURCE-INCOMPLETE: the source did not finish a stream, so steps that require the complete stream were skipped. */
export class SourceIncompleteError extends HubflakeError {
  readonly code = 'HF-SOURCE-INCOMPLETE';
  readonly kind = 'transient_error';
}

/** HF-STOPPED: a signal requested a stop; never reported as a failure of a stream. */
export class StoppedError extends HubflakeError {
  readonly code = 'HF-STOPPED';
  readonly kind = 'transient_error';
}

/** HF-INTERNAL: anything unforeseen, wrapped so that it has a code and a kind, too. */
export class InternalError extends HubflakeError {
  readonly code = 'HF-INTERNAL';
  readonly kind = 'system_error';
}

/** The exit code where tables were compared, and differ. */
export const DIFFERENT_EXIT_CODE = 3;

/** A run that finds another one in progress does nothing and need not alarm anybody, so it has an exit code of its own. */
const BUSY_EXIT_CODE = 4;

/** The exit code of a command that failed with an error. */
export function exitCodeOf(error: HubflakeError): number {
  return error instanceof WarehouseBusyError ? BUSY_EXIT_CODE : 1;
}

/** Returns one of our errors as it is, and wraps any other as an {@link InternalError}. */
export function asHubflakeError(error: unknown): HubflakeError {
  if (error instanceof HubflakeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new InternalError(`Something went wrong inside hubflake: ${text}. Please report it.`, {
    cause: error,
    internal: text,
  });
}

/**
 * Names of errors that JavaScript and Node throw for programming errors. By name, since the realm of a Jest test has classes of its
 * own.
 */
const OURS = /^(Type|Range|Reference|Syntax|Eval|URI|Assertion)Error$/;

/**
 * Whether an error is a programming error, ours or of a library that was called wrongly: waiting fixes none of these, and no
 * warehouse or host is to blame. (`fetch` throws a TypeError for every failure; check its cause instead.)
 */
export function isProgrammingError(error: unknown): boolean {
  return OURS.test(stringAt(error, 'name') ?? '');
}

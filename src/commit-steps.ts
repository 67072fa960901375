import { channel } from 'node:diagnostics_channel';

/**
 * The steps of a commit after which a run may be killed, in the order of docs/durability.md. Each is published on the diagnostics
 * channel `hubflake:commit`, to which a monitor can subscribe, and by which tests kill a run at its most delicate points.
 */
export type CommitStep =
  | 'after-spool'
  | 'after-put'
  | 'after-copy'
  | 'after-ddl'
  | 'after-remember'
  | 'before-rows'
  | 'after-remove'
  | 'after-write'
  | 'before-commit'
  | 'after-commit'
  | 'before-state'
  | 'after-swap';

const steps = channel('hubflake:commit');

export function reachedStep(step: CommitStep): void {
  if (steps.hasSubscribers) steps.publish({ step });
}

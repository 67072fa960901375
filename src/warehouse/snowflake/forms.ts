import { rawTarget } from '../raw-form.js';
import type { Target } from '../target.js';
import { insertAllRaw, mergeRaw } from './raw.js';
import type { Batch } from './rows.js';
import { insertAll, mergeNewest } from './write.js';

/** How a stream's records lie in its table. */
export interface TableForm {
  /** The stream as its table sees it. */
  tableOf(target: Target): Target;
  insertAll(batch: Batch, table: string): string;
  merge(batch: Batch, table: string): string;
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (target) => target,
  insertAll,
  merge: mergeNewest,
  hasView: false,
};

const rawTargets = new WeakMap<Target, Target>();

export const RAW: TableForm = {
  tableOf: (target) => {
    const known = rawTargets.get(target) ?? rawTarget(target);
    rawTargets.set(target, known);
    return known;
  },
  insertAll: insertAllRaw,
  merge: mergeRaw,
  hasView: true,
};

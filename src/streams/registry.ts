import type { StreamDeclaration } from './core/stream.js';
import { dealSplits } from './resources/deal-splits.js';
import { owners, ownersArchived } from './resources/owners.js';
import { pipelines } from './resources/pipelines.js';

/** Every stream that is not a CRM object, in the order of `discover`. To add one, see docs/adding-a-stream.md. */
export const DECLARED_STREAMS: readonly StreamDeclaration[] = [owners, ownersArchived, ...pipelines, dealSplits];

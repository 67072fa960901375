import type { StreamDeclaration } from './core/stream.js';
import { dealSplits } from './resources/deal-splits.js';
import { owners, ownersArchived } from './resources/owners.js';
import { pipelines } from './resources/pipelines.js';

/** Every stream that is no CRM object, in the order in which `discover` offers them. docs/adding-a-stream.md says how to add one. */
export const DECLARED_STREAMS: readonly StreamDeclaration[] = [owners, ownersArchived, ...pipelines, dealSplits];

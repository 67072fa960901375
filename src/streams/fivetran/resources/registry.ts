import type { StreamDeclaration } from '../../core/stream.js';
import { emailEvents } from './email-events.js';
import { emails } from './emails.js';
import { forms } from './forms.js';
import { lists } from './lists.js';
import { people } from './people.js';
import { pipelines } from './pipelines.js';
import { properties } from './properties.js';

/** The tables of Fivetran's layout that do not come from records of the CRM, in the order of `discover`. */
export const FIVETRAN_RESOURCES: readonly StreamDeclaration[] = [
  ...pipelines,
  ...people,
  ...properties,
  ...lists,
  ...forms,
  ...emails,
  ...emailEvents,
];

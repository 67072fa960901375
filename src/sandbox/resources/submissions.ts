import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { emailsOf, numbered } from './sample.js';

const FORMS = '/marketing/v3/forms';
const FIRST_FORM = 2001;
/** The kind whose submissions HubSpot does not answer. */
const WITHOUT = 'blog_comment';
const HOUR_MS = 3_600_000;
const FIRST_ID = 7001;
const COUNT = 90;

/** What was submitted by forms in the months before the sandbox starts. Who submits is a contact, where the portal has any. */
export function submissionResources(portal: Portal): CollectionOptions[] {
  const emails = emailsOf(portal, 20);
  const now = portal.clock.now();
  return [
    {
      path: '/form-integrations/v1/submissions/forms/:form',
      scopes: [['forms']],
      paging: 'newest',
      pages: [20, 50],
      within: {
        of: FORMS,
        id: 'form',
        by: { form: 'form' },
        refusal: ({ members }) =>
          (members as { formType?: string }).formType === WITHOUT ? 'FORM_TYPE_NOT_ALLOWED' : undefined,
      },
      shape: ({ id, members, updatedAt }: CollectionItem) => ({
        ...members,
        form: undefined,
        conversionId: uuid(id),
        submittedAt: Math.round(updatedAt),
      }),
      madeAt: (id) => now - (COUNT - (Number(id) - FIRST_ID) / 7) * 11 * HOUR_MS,
      items: numbered(COUNT, FIRST_ID, (n) => ({
        // Most by the first form, so that there is more than one page.
        form: String(FIRST_FORM + 7 * (n % 3 === 0 ? n % 9 : 0)),
        values: [
          { name: 'email', value: emails[n % emails.length], objectTypeId: '0-1' },
          { name: 'message', value: `What ${n} says`, objectTypeId: '0-1' },
        ],
        pageUrl: `https://www1.sandbox.example/page-${n % 4}`,
      })),
    },
  ];
}

const uuid = (id: string) => `00000000-0000-4000-a000-${id.padStart(12, '0')}`;

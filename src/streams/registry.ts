import type { LayoutName } from '../config/source.js';
import { standardObject } from '../hubspot/api/object-types.js';
import type { StreamDeclaration } from './core/stream.js';
import { archivedRecords } from './crm/archived-records.js';
import { FIVETRAN_RESOURCES } from './fivetran/registry.js';
import { activity } from './resources/activity.js';
import { associationTypes } from './resources/association-types.js';
import { automation } from './resources/automation.js';
import { campaigns } from './resources/campaigns.js';
import { content } from './resources/content.js';
import { currencyStreams } from './resources/currencies.js';
import { dealSplits } from './resources/deal-splits.js';
import { emailCampaigns } from './resources/email-campaigns.js';
import { emailHistory } from './resources/email-events.js';
import { legacy } from './resources/engagements.js';
import { events } from './resources/events.js';
import { fileManager } from './resources/files.js';
import { lists } from './resources/lists.js';
import { marketing } from './resources/marketing.js';
import { emails } from './resources/marketing-emails.js';
import { metadata } from './resources/metadata.js';
import { owners, ownersArchived } from './resources/owners.js';
import { pipelines } from './resources/pipelines.js';
import { sales } from './resources/sales.js';
import { service } from './resources/service.js';
import { settings } from './resources/settings.js';
import { subscriptionStatuses } from './resources/subscription-statuses.js';

/** Every stream that is not a CRM object, in the order of `discover`. To add one, see docs/adding-a-stream.md. */
export const DECLARED_STREAMS: readonly StreamDeclaration[] = [
  owners,
  ownersArchived,
  ...pipelines,
  dealSplits,
  ...metadata,
  associationTypes,
  ...lists,
  ...marketing,
  ...emails,
  ...campaigns,
  ...emailCampaigns,
  ...emailHistory,
  subscriptionStatuses,
  ...automation,
  ...settings,
  ...currencyStreams,
  archivedRecords('deals_archived', standardObject('deals')),
  ...sales,
  ...activity,
  ...service,
  ...events,
  ...content,
  ...fileManager,
  ...legacy,
];

/** The streams that are not CRM objects, of a layout: Fivetran's has tables of its own. */
export function declaredStreams(layout: LayoutName): readonly StreamDeclaration[] {
  return layout === 'fivetran' ? FIVETRAN_RESOURCES : DECLARED_STREAMS;
}

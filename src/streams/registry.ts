import type { LayoutName } from '../config/source.js';
import { standardObject } from '../hubspot/api/object-types.js';
import type { StreamDeclaration } from './core/stream.js';
import { archivedRecords } from './crm/archived-records.js';
import { FIVETRAN_RESOURCES } from './fivetran/resources/registry.js';
import { activity } from './resources/account/activity.js';
import { currencyStreams } from './resources/account/currencies.js';
import { settings } from './resources/account/settings.js';
import { automation } from './resources/automation.js';
import { content } from './resources/content.js';
import { associationTypes } from './resources/crm/association-types.js';
import { dealSplits } from './resources/crm/deal-splits.js';
import { legacy } from './resources/crm/engagements.js';
import { lists } from './resources/crm/lists.js';
import { metadata } from './resources/crm/metadata.js';
import { owners, ownersArchived } from './resources/crm/owners.js';
import { pipelines } from './resources/crm/pipelines.js';
import { events } from './resources/events.js';
import { fileManager } from './resources/files.js';
import { campaigns } from './resources/marketing/campaigns.js';
import { emailCampaigns } from './resources/marketing/email-campaigns.js';
import { emailHistory } from './resources/marketing/email-events.js';
import { marketing } from './resources/marketing/marketing.js';
import { emails } from './resources/marketing/marketing-emails.js';
import { subscriptionStatuses } from './resources/marketing/subscription-statuses.js';
import { sales } from './resources/sales.js';
import { service } from './resources/service.js';

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

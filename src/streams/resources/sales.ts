import { paths } from '../../hubspot/client/paths.js';
import { timeOf } from '../../time.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../layouts/property-schema.js';
import { byCursor } from '../strategies/by-cursor/by-cursor.js';
import { ofEach } from '../strategies/parents.js';
import { whole } from '../strategies/whole/whole.js';
import { archivedOf, collection } from './collection.js';
import { TIERS } from './tiers.js';

const forecastTypes = whole({
  name: 'forecast_types',
  tier: TIERS.sales,
  group: 'sales',
  scopes: [['forecast-read', 'crm.objects.forecasts.read']],
  subject: 'forecast',
  endpoint: collection('forecast-settings', 'forecast types', paths.forecastTypes(), {
    olderPath: '/forecast-settings/v3/forecast-types',
    paging: 'none',
  }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    forecastName: STRING,
    objectTypeId: STRING,
    defaultType: BOOLEAN,
    amountProperty: STRING,
    amountInHomeCurrencyProperty: STRING,
    weightedAmountProperty: STRING,
    weightedAmountInHomeCurrencyProperty: STRING,
    dateProperty: STRING,
    dealSplitProperties: OBJECT,
    amountOrDatePropertyRestrictedForUser: BOOLEAN,
    createdBy: STRING,
    updatedBy: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const PAYMENT_LINKS = collection('commerce', 'payment links', paths.paymentLinks(), {
  olderPath: '/commerce/payment-links/2026-09-beta/payment-links',
  // HubSpot documents no maximum beside this.
  limit: 20,
});

const paymentLinks = byCursor({
  name: 'payment_links',
  group: 'sales',
  scopes: [['payment-links-read']],
  endpoint: PAYMENT_LINKS,
  since: (instant) => ({ updatedAfter: String(timeOf(instant)) }),
  archived: {
    endpoint: archivedOf(PAYMENT_LINKS),
    archivedAt: ({ archivedAt }) => (typeof archivedAt === 'string' ? archivedAt : null),
  },
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    paymentLinkName: STRING,
    paymentLinkUrl: STRING,
    state: STRING,
    currencyCode: STRING,
    lineItems: OBJECTS,
    discounts: OBJECTS,
    fees: OBJECTS,
    taxes: OBJECTS,
    acceptedPaymentMethods: STRINGS,
    completedPurchaseCount: INTEGER,
    businessUnitId: STRING,
    formGuid: STRING,
    successUrl: STRING,
    expirationSettings: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const BOOKS = collection('commerce', 'price books', paths.priceBooks(), {
  olderPath: '/commerce/price-books/2026-09-beta/price-books',
  isShared: true,
});
const OF_BOOKS = { group: 'sales', scopes: [['price-book-read']], subject: 'price_book', cursor: 'updatedAt' } as const;

const priceBooks = whole({
  ...OF_BOOKS,
  name: 'price_books',
  endpoint: BOOKS,
  key: 'id',
  schema: {
    id: STRING,
    name: STRING,
    description: STRING,
    status: STRING,
    supportedCurrencies: STRINGS,
    countOfIncludedProducts: INTEGER,
    autoAssignmentEnabled: BOOLEAN,
    customProperties: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const itemsOf = (book: string) =>
  collection('commerce', 'items of price books', paths.priceBookItems(book), {
    what: `the items of price book ${book}`,
    olderPath: `/commerce/price-books/2026-09-beta/price-books/${book}/items`,
  });

/** Whether a price moves the book's time of update is not documented, so that every book is asked for in each sync. */
const priceBookItems = whole({
  ...OF_BOOKS,
  name: 'price_book_items',
  endpoint: itemsOf('0'),
  partitions: ofEach({
    endpoints: [BOOKS],
    id: 'id',
    as: 'priceBookId',
    collectionsOf: ({ id }) => [itemsOf(id)],
  }),
  key: ['priceBookId', 'id'],
  schema: {
    priceBookId: STRING,
    id: STRING,
    productId: STRING,
    name: STRING,
    description: STRING,
    sku: STRING,
    status: STRING,
    pricing: OBJECT,
    productType: STRING,
    productClassification: STRING,
    billingFrequency: STRING,
    billingPeriod: STRING,
    recurringBillingTerms: STRING,
    costOfGoodsSold: STRING,
    taxCategory: STRING,
    customProperties: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

export const sales: readonly StreamDeclaration[] = [forecastTypes, paymentLinks, priceBooks, priceBookItems];

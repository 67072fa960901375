import type { CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { numbered } from './sample.js';

const BOOKS = '/commerce/price-books/:date/price-books';
const OLDER_BOOKS = '/commerce/price-books/2026-09-beta/price-books';

/** Forecast types, payment links, and price books with the products in them. */
export function salesResources(portal: Portal): CollectionOptions[] {
  const products = portal.store(portal.type('products')).records.filter(({ live }) => live);
  return [
    {
      path: '/forecast-settings/:date/forecast-types',
      olderPath: '/forecast-settings/v3/forecast-types',
      scopes: [['forecast-read', 'crm.objects.forecasts.read']],
      paging: 'none',
      items: numbered(3, 4101, (n) => ({
        forecastName: `Forecast ${n}`,
        objectTypeId: '0-3',
        defaultType: n === 1,
        amountProperty: 'amount',
        amountInHomeCurrencyProperty: 'amount_in_home_currency',
        weightedAmountProperty: 'hs_projected_amount',
        weightedAmountInHomeCurrencyProperty: 'hs_projected_amount_in_home_currency',
        dateProperty: 'closedate',
        dealSplitProperties: null,
        amountOrDatePropertyRestrictedForUser: false,
      })),
    },
    {
      path: '/commerce/payment-links/:date/payment-links',
      olderPath: '/commerce/payment-links/2026-09-beta/payment-links',
      scopes: [['payment-links-read']],
      pages: [20, 100],
      items: numbered(5, 4201, (n) => ({
        paymentLinkName: `Link ${n}`,
        paymentLinkUrl: `https://pay.sandbox.example/${n}`,
        state: n === 5 ? 'DRAFT' : 'ACTIVE',
        currencyCode: portal.account.companyCurrency,
        lineItems: [{ name: `Item ${n}`, quantity: n, price: 12.5 * n }],
        discounts: [],
        fees: [],
        taxes: [],
        acceptedPaymentMethods: ['CARD'],
        completedPurchaseCount: n,
        businessUnitId: '0',
        formGuid: null,
        successUrl: null,
        expirationSettings: null,
      })),
    },
    {
      path: BOOKS,
      olderPath: OLDER_BOOKS,
      scopes: [['price-book-read']],
      items: numbered(3, 4301, (n) => ({
        name: `Book ${n}`,
        description: `Prices of ${n}`,
        status: n === 3 ? 'inactive' : 'active',
        supportedCurrencies: [portal.account.companyCurrency],
        countOfIncludedProducts: 3,
        autoAssignmentEnabled: n === 1,
        customProperties: {},
      })),
    },
    {
      path: `${BOOKS}/:book/items`,
      olderPath: `${OLDER_BOOKS}/:book/items`,
      scopes: [['price-book-read']],
      within: { of: BOOKS, id: 'book', by: { book: 'priceBookId' } },
      items: numbered(9, 4401, (n) => ({
        priceBookId: String(4301 + 7 * (n % 3)),
        productId: String(products[n % (products.length || 1)]?.id ?? n),
        name: `Product ${n}`,
        description: null,
        sku: `P-${n}`,
        status: 'active',
        pricing: { pricingModel: 'FLAT', prices: [{ currencyCode: portal.account.companyCurrency, price: 9.5 * n }] },
        productType: 'SERVICE',
        productClassification: 'STANDALONE',
        billingFrequency: 'MONTHLY',
        billingPeriod: 'P12M',
        recurringBillingTerms: 'FIXED',
        costOfGoodsSold: '1.25',
        taxCategory: null,
        customProperties: {},
      })),
    },
  ];
}

import { paths } from '../../../hubspot/client/paths.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, DECIMAL, INSTANT, STRING } from '../../layouts/property-schema.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection, single } from '../collection.js';

const CURRENCIES = { group: 'settings', scopes: [['settings.currencies.read']], subject: 'currencies' } as const;

const currencies = whole({
  ...CURRENCIES,
  name: 'currencies',
  endpoint: collection('settings', 'currencies', paths.currencyCodes(), {
    olderPath: '/settings/v3/currencies/codes',
    id: 'currencyCode',
    paging: 'none',
  }),
  key: 'currencyCode',
  cursor: null,
  schema: { currencyCode: STRING, currencyName: STRING },
});

const companyCurrency = whole({
  ...CURRENCIES,
  name: 'company_currencies',
  endpoint: single('settings', 'company currency', paths.companyCurrency(), {
    olderPath: '/settings/v3/currencies/company-currency',
    id: 'id',
  }),
  key: 'id',
  cursor: null,
  schema: { id: STRING, currencyCode: STRING, createdAt: INSTANT },
});

const exchangeRates = whole({
  ...CURRENCIES,
  name: 'exchange_rates',
  endpoint: collection('settings', 'exchange rates', paths.exchangeRates(), {
    olderPath: '/settings/v3/currencies/exchange-rates',
  }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    fromCurrencyCode: STRING,
    toCurrencyCode: STRING,
    conversionRate: DECIMAL,
    effectiveAt: INSTANT,
    visibleInUI: BOOLEAN,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

export const currencyStreams: readonly StreamDeclaration[] = [currencies, companyCurrency, exchangeRates];

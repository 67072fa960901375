import type { PropertyPlan } from './context.js';
import { pipelineProperties } from './context.js';

const CURRENCIES = ['USD', 'EUR', 'JPY'];
const TEXT_AREA = { fieldType: 'textarea' };

const products: PropertyPlan = (kit) => [
  kit.text('name', 'Name', kit.pools.products, { empty: 0 }),
  kit.text('description', 'Product description', kit.pools.sentences, TEXT_AREA),
  kit.text('hs_sku', 'SKU', kit.pools.skus, { hasUniqueValue: true }),
  kit.number('price', 'Unit price', 2_000, 2, { empty: 0 }),
  kit.number('hs_cost_of_goods_sold', 'Unit cost', 900, 4),
  kit.choice('hs_product_type', 'Product type', ['inventory', 'non_inventory', 'service']),
  kit.flag('hs_active', 'Active'),
];

const lineItems: PropertyPlan = (kit, context) => [
  kit.text('name', 'Name', kit.pools.products, { empty: 0 }),
  kit.choice('hs_product_id', 'Product ID', context.idsOf('products'), {
    options: [],
    type: 'number',
    fieldType: 'number',
  }),
  kit.number('quantity', 'Quantity', 20, 0, { empty: 0 }),
  kit.number('price', 'Unit price', 2_000, 2, { empty: 0 }),
  kit.number('amount', 'Net price', 40_000, 2, { calculated: true }),
  kit.number('hs_discount_percentage', 'Discount percentage', 40, 2, { empty: 0.6 }),
  kit.choice('hs_line_item_currency_code', 'Currency', CURRENCIES),
  kit.choice('recurringbillingfrequency', 'Billing frequency', ['monthly', 'quarterly', 'annually'], { empty: 0.5 }),
];

/** What quotes look like, of which HubSpot's guide names little. */
const quoteTemplates: PropertyPlan = (kit) => [kit.text('hs_name', 'Name', kit.pools.phrases, { empty: 0 })];

const quotes: PropertyPlan = (kit) => [
  kit.text('hs_title', 'Quote Title', kit.pools.phrases, { empty: 0 }),
  kit.datetime('hs_expiration_date', 'Expiration Date', { aheadDays: 90, empty: 0 }),
  kit.choice('hs_status', 'Quote Status', ['DRAFT', 'APPROVAL_NOT_NEEDED', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED']),
  kit.number('hs_quote_amount', 'Quote amount', 90_000, 2),
  kit.choice('hs_currency', 'Currency', CURRENCIES),
  kit.text('hs_terms', 'Purchase terms', kit.pools.paragraphs, TEXT_AREA),
];

const orders: PropertyPlan = (kit, context) => [
  kit.text('hs_order_name', 'Order name', kit.pools.skus, { empty: 0 }),
  kit.choice('hs_currency_code', 'Currency code', CURRENCIES),
  kit.number('hs_total_price', 'Total price', 4_000, 2),
  ...pipelineProperties(kit, context, 'orders', ['hs_pipeline', 'hs_pipeline_stage']),
  kit.text('hs_shipping_address_city', 'Shipping city', kit.pools.cities),
  kit.choices('hs_tags', 'Tags', ['gift', 'express', 'wholesale'], { empty: 0.5 }),
];

const carts: PropertyPlan = (kit) => [
  kit.text('hs_cart_name', 'Cart name', kit.pools.skus, { empty: 0 }),
  kit.number('hs_total_price', 'Total price', 4_000, 2),
  kit.choice('hs_currency_code', 'Currency code', CURRENCIES),
  kit.text('hs_cart_url', 'Cart URL', kit.pools.urls),
];

const invoices: PropertyPlan = (kit) => [
  kit.text('hs_number', 'Number', kit.pools.skus, { empty: 0, hasUniqueValue: true }),
  kit.choice('hs_invoice_status', 'Invoice status', ['draft', 'open', 'paid', 'voided']),
  kit.number('hs_amount_billed', 'Amount billed', 50_000, 2),
  kit.number('hs_balance_due', 'Balance due', 50_000, 2, { calculated: true }),
  kit.datetime('hs_due_date', 'Due date', { aheadDays: 60 }),
  kit.choice('hs_currency', 'Currency', CURRENCIES),
];

const commercePayments: PropertyPlan = (kit) => [
  kit.text('hs_customer_email', 'Customer email', ['billing@example.com', 'accounts@example.org', 'pay@example.net']),
  kit.number('hs_initial_amount', 'Gross amount', 20_000, 2, { empty: 0 }),
  kit.choice('hs_payment_status', 'Status', ['SUCCEEDED', 'PENDING', 'FAILED', 'REFUNDED']),
  kit.datetime('hs_initiated_date', 'Payment date', { empty: 0 }),
];

const subscriptions: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.products, { empty: 0 }),
  kit.choice('hs_subscription_status', 'Status', ['active', 'past_due', 'canceled', 'expired']),
  kit.date('hs_next_payment_due_date', 'Next payment due date', { aheadDays: 31 }),
  kit.number('hs_mrr', 'MRR', 3_000, 2, { calculated: true }),
];

const discounts: PropertyPlan = (kit) => [
  kit.text('hs_label', 'Label', kit.pools.phrases),
  kit.choice('hs_type', 'Type', ['PERCENT', 'FIXED'], { empty: 0 }),
  kit.number('hs_value', 'Value', 50, 2, { empty: 0 }),
];

const dealSplits: PropertyPlan = (kit, context) => [
  kit.choice('hs_deal_id', 'Deal', context.idsOf('deals'), {
    options: [],
    type: 'number',
    fieldType: 'number',
    empty: 0,
  }),
  kit.number('hs_deal_split_percentage', 'Split percentage', 1, 2, { empty: 0 }),
  kit.number('hs_deal_split_amount', 'Split amount', 90_000, 2, { calculated: true }),
];

const vehicles: PropertyPlan = (kit, context) => [
  kit.text('vin', 'VIN', kit.pools.vins, { empty: 0, hasUniqueValue: true, hubspotDefined: false }),
  kit.choice('fuel', 'Fuel', ['petrol', 'diesel', 'electric', 'hybrid'], { hubspotDefined: false }),
  kit.number('mileage', 'Mileage', 300_000, 1, { hubspotDefined: false }),
  kit.date('first_registration', 'First registration', { hubspotDefined: false }),
  kit.datetime('last_service_at', 'Last service', { hubspotDefined: false }),
  kit.flag('leased', 'Leased?', { hubspotDefined: false }),
  ...pipelineProperties(kit, context, 'vehicles', ['hs_pipeline', 'hs_pipeline_stage']),
  kit.json('telemetry', 'Telemetry', { hubspotDefined: false, empty: 0.5 }),
];

const maintenancePlans: PropertyPlan = (kit) => [
  kit.text('plan_name', 'Plan name', kit.pools.phrases, { empty: 0, hubspotDefined: false }),
  kit.number('price', 'Price', 900, 2, { hubspotDefined: false }),
  kit.text('notes', 'Notes', kit.pools.paragraphs, { ...TEXT_AREA, hubspotDefined: false }),
];

/** Commerce objects and the two custom objects, by the name of the object type. */
export const COMMERCE_PROPERTIES: Readonly<Record<string, PropertyPlan>> = {
  products,
  line_items: lineItems,
  quotes,
  quote_template: quoteTemplates,
  orders,
  carts,
  invoices,
  commerce_payments: commercePayments,
  subscriptions,
  discounts,
  fees: discounts,
  taxes: discounts,
  deal_splits: dealSplits,
  vehicles,
  Wartungs_Plan: maintenancePlans,
};

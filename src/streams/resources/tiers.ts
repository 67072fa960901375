/** The lowest subscriptions of HubSpot that grant the scopes of streams, in HubSpot's words (developers.hubspot.com, scopes). */
export const TIERS = {
  enterprise: 'any Hub Enterprise',
  marketingStarter: 'Marketing Hub Starter',
  marketing: 'Marketing Hub Professional',
  marketingEnterprise: 'Marketing Hub Enterprise',
  content: 'Marketing Hub Professional or Content Hub Starter',
  email: 'Marketing Hub or Content Hub Professional',
  sales: 'Sales Hub or Service Hub Professional',
  units: 'Marketing Hub or Content Hub Enterprise',
} as const;

import { generateKeyPairSync } from 'node:crypto';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
/** What the Secret of a portal has. */
export const environment = { HUBSPOT_TOKEN: 'pat-na1-of-the-chart', SNOWFLAKE_PRIVATE_KEY: privateKey };

export const source = {
  credentials: { credentials_title: 'Private App Credentials', access_token: `\${HUBSPOT_TOKEN}` },
  layout: 'columns',
};
export const destination = {
  host: 'myorg-myaccount.snowflakecomputing.com',
  role: 'HUBFLAKE',
  warehouse: 'HUBFLAKE_WH',
  database: 'ANALYTICS',
  schema: 'HUBSPOT',
  username: 'HUBFLAKE',
  credentials: { auth_type: 'Key Pair Authentication', private_key: `\${SNOWFLAKE_PRIVATE_KEY}` },
};
export const pipeline = { source, destination };

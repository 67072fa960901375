import type { SourceConfig } from '../../config/source.js';
import { HubSpotClient } from '../../hubspot/client/client.js';
import type { RetryPolicy } from '../../hubspot/client/faults.js';

/** Opens a client for a configuration, hands it to `body`, and closes it, whatever happens. */
export async function withHubSpot<T>(
  config: SourceConfig,
  options: { signal: AbortSignal; retry?: Partial<RetryPolicy>; onRefreshToken?: (token: string) => void },
  body: (client: HubSpotClient) => Promise<T>,
): Promise<T> {
  const client = new HubSpotClient({ ...config, ...options });
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

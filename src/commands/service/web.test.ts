import { registerSecret } from '../../log.js';
import { type Pages, WebServer } from './web.js';

test('no page has a secret, whoever has said it', async () => {
  registerSecret('secret-of-these-tests');
  const failure = { code: 'HF-WAREHOUSE', message: 'refused: secret-of-these-tests' };
  const pages: Pages = {
    health: () => ({ isWell: false, behindSeconds: null, late: [], failure, round: null }),
    metrics: () => Promise.reject(new Error(failure.message)),
    report: () => failure.message,
  };
  const server = await WebServer.listen({ host: '127.0.0.1', port: 0 }, pages);
  for (const [path, status] of [
    ['healthz', 503],
    ['metrics', 500],
    ['', 200],
  ] as const) {
    const response = await fetch(server.url + path);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining('refused: ****')]);
  }
  await server.close();
});

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderReport } from '../../src/observing/report/render-report.js';
import { HOSTILE, SAMPLE } from './sample-report.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let server: Server;
let url: string;
/** What browsers asked the server for. */
let asked: string[];
let html = '';

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.HUBFLAKE_CHROMIUM ?? '',
    // Root, as which tests run in containers, has no sandbox.
    args: ['--no-sandbox'],
  });
  // As the service serves it.
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'text/html; charset=utf-8').end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(() => {
  asked = [];
  html = renderReport(SAMPLE);
});

interface Seen {
  page: Page;
  /** What the browser complained of. */
  complaints: string[];
  requests: string[];
  /** What it asked the server for. */
  asked: string[];
}

async function open(width = 1400, colorScheme: 'light' | 'dark' = 'light'): Promise<Seen> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const seen: Seen = { page, complaints: [], requests: [], asked };
  page.on('console', (message) => seen.complaints.push(message.text()));
  page.on('pageerror', (error) => seen.complaints.push(error.message));
  page.on('request', (request) => seen.requests.push(request.url()));
  await page.goto(url);
  await page.waitForSelector('.uplot canvas');
  return seen;
}

const SIGHTS = (['light', 'dark'] as const).flatMap((scheme) => [1400, 400].map((width) => [scheme, width] as const));

describe.each(SIGHTS)('%s, %i px wide', (scheme, width) => {
  let seen: Seen;

  beforeAll(async () => {
    asked = [];
    html = renderReport(SAMPLE);
    seen = await open(width, scheme);
    const folder = process.env.HUBFLAKE_SCREENSHOTS;
    if (folder) await seen.page.screenshot({ path: join(folder, `report-${scheme}-${width}.png`), fullPage: true });
  });

  afterAll(() => seen.page.close());

  test('asks for nothing but itself, and the browser has nothing to complain of', () => {
    expect(seen.complaints).toEqual([]);
    expect(seen.requests.filter((each) => !each.startsWith('data:'))).toEqual([url]);
    expect(seen.asked).toEqual(['/']);
  });

  test('does not scroll sideways; what is wider scrolls by itself', async () => {
    const widths = await seen.page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      window: window.innerWidth,
      boxes: [...document.querySelectorAll('.scroll')].map((box) => [box.scrollWidth, box.clientWidth]),
    }));
    expect(widths.page).toBeLessThanOrEqual(widths.window);
    if (width === 400) expect(widths.boxes.some(([content = 0, box = 0]) => content > box)).toBe(true);
  });

  test('has all that accessibility asks for: contrast, headings, names', async () => {
    await seen.page.evaluate(AXE);
    const { violations, passes }: AxeResults = await seen.page.evaluate('axe.run()');
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html: element }) => element)])).toEqual([]);
    expect(passes.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['color-contrast', 'heading-order', 'page-has-heading-one']),
    );
  });

  test('shows texts as texts', async () => {
    expect(await seen.page.title()).toBe(`${SAMPLE.pipeline}: sync`);
    expect(await seen.page.locator('img').count()).toBe(0);
    expect(await seen.page.locator('tbody th').first().textContent()).toBe(HOSTILE);
  });

  test('draws its charts in the colours of the scheme', async () => {
    expect(await seen.page.locator('.uplot canvas').count()).toBe(3);
    const colours = await seen.page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      const opaque = Array.from({ length: data.length / 4 }, (_, n) => [...data.slice(4 * n, 4 * n + 4)].join());
      return [...new Set(opaque)];
    });
    // --limit
    expect(colours).toContain(scheme === 'light' ? '179,38,30,255' : '255,156,148,255');
  });
});

test('the charts follow the width of the window, and a change of the colour scheme', async () => {
  const { page, complaints } = await open(1400);
  const width = () => page.evaluate(() => document.querySelector('.uplot')?.clientWidth ?? 0);
  const before = await width();
  await page.setViewportSize({ width: 700, height: 900 });
  await page.waitForFunction((old) => (document.querySelector('.uplot')?.clientWidth ?? 0) !== old, before);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(700);
  await page.evaluate(() => document.querySelector('canvas')?.setAttribute('data-old', ''));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => document.querySelector('canvas[data-old]') === null);
  expect(complaints).toEqual([]);
  await page.close();
});

test('is printed on white, with every row', async () => {
  const { page } = await open(1400, 'dark');
  await page.emulateMedia({ media: 'print' });
  const printed = await page.evaluate(() => ({
    back: getComputedStyle(document.body).backgroundColor,
    text: getComputedStyle(document.body).color,
    cut: [...document.querySelectorAll('.scroll')].filter((box) => box.scrollHeight > box.clientHeight + 1).length,
  }));
  expect(printed).toEqual({ back: 'rgb(255, 255, 255)', text: 'rgb(0, 0, 0)', cut: 0 });
  expect((await page.pdf()).length).toBeGreaterThan(10_000);
  await page.close();
});

test('what an injected script would do is refused by the policy', async () => {
  html = renderReport(SAMPLE).replace('</main>', '<script>document.title = "gone"</script><img src="/x.png"></main>');
  const { page, complaints } = await open();
  expect(complaints.join()).toContain('Content Security Policy');
  expect(await page.title()).not.toBe('gone');
  expect(asked).toEqual(['/']);
  await page.close();
});

test('a plan without a call, and a run that goes on, have a page, too', async () => {
  html = renderReport({
    ...SAMPLE,
    command: 'plan',
    endedAt: null,
    timeline: null,
    quota: null,
    notes: [],
    tables: [],
    verdict: { is: 'running', text: 'It goes on.' },
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  expect(await page.locator('header').textContent()).toContain('and goes on');
  expect(complaints).toEqual([]);
  await page.close();
});

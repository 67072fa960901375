import { createHash } from 'node:crypto';
import { registerSecret } from '../../log.js';
import { epochMs } from '../../time.js';
import { renderReport } from './render-report.js';
import type { ReportData } from './report-data.js';

const HOSTILE = '</script><script>alert(1)</script><!-- <b>\u2028';

const data: ReportData = {
  version: '1.2.3',
  command: 'sync',
  pipeline: HOSTILE,
  startedAt: epochMs(0),
  endedAt: epochMs(1),
  verdict: { is: 'bad', text: HOSTILE },
  figures: [],
  tables: [{ heading: 'Streams', columns: [{ label: 'stream', is: 'text' }], rows: [[HOSTILE]] }],
  limits: { burst: 100, burstSeconds: 10, searchesASecond: 5 },
  timeline: null,
  time: [],
  quota: null,
  notes: [{ about: 'warning', text: HOSTILE, advice: '', count: 1 }],
  notesLeftOut: 0,
};

const page = renderReport(data);
const scripts = [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, how = '', text = '']) => ({
  how,
  text,
}));

test('texts cannot leave the block of JSON that they are in', () => {
  expect(page.includes('<script>alert')).toBe(false);
  const blocks = scripts.filter(({ how }) => how.includes('application/json'));
  expect(blocks.map(({ text }) => JSON.parse(text))).toEqual([data]);
});

test('its policy allows the scripts and the style that are in it, by their hashes, and nothing else', () => {
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
  const hashes = (text: string) => [...text.matchAll(/'sha256-[^']*'/g)].map(([hash]) => hash);
  const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const run = scripts.filter(({ how }) => how === '').map(({ text }) => text);
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
  expect(policy).toMatch(
    /^default-src 'none'; img-src data:; style-src [^;]*; script-src [^;]*; base-uri 'none'; form-action 'none'$/,
  );
  expect(hashes(policy)).toEqual([style, ...run].map(hashOf));
  expect(policy).not.toContain('unsafe');
});

test('nothing in it points elsewhere', () => {
  expect(page.match(/(src|href|url)\s*[=(]\s*["']?(?!data:)[a-z]+:/gi)).toBeNull();
  expect(page).toContain('Permission is hereby granted, free of charge');
});

test('no secret is in it, however its text came there', () => {
  registerSecret('a "secret" of tests');
  const told = renderReport({ ...data, verdict: { is: 'bad', text: 'it is the a "secret" of tests' } });
  expect(told).not.toContain('of tests');
  expect(told).toContain('it is the ****');
});

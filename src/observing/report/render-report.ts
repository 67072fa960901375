import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { redact } from '../../log.js';
import type { ReportData } from './report-data.js';

/** What every page has in it, and the policy that allows just that. */
interface Parts {
  style: string;
  charts: string;
  script: string;
  licence: string;
  policy: string;
}

/** In the order in which they need each other. */
const SCRIPTS = ['elements.js', 'charts.js', 'report.js'];
const STYLES = ['theme.css', 'report.css'];

let parts: Parts | null = null;

/**
 * A report as one HTML page that needs nothing else: charts, script and style are in it. What the data says is in a block of JSON, which no
 * text in it can leave, and its policy lets a browser run the two scripts and nothing besides, and load nothing.
 */
export function renderReport(data: ReportData): string {
  parts ??= readParts();
  const { style, charts, script, licence, policy } = parts;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="hubflake">
<title>hubflake</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main><noscript>This page is made by its script: allow it to run.</noscript></main>
<script type="application/json" id="data">${inScript(data)}</script>
<!-- uPlot, https://github.com/leeoniya/uPlot
${licence}-->
<script>${charts}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON without secrets that cannot end the element it is in, nor begin a comment there. */
function inScript(data: ReportData): string {
  return redact(JSON.stringify(data)).replaceAll('<', '\\u003c');
}

function readParts(): Parts {
  const packages = createRequire(import.meta.url);
  const plot = (file: string) => readFileSync(packages.resolve(`uplot/${file}`), 'utf8');
  const own = (file: string) => readFileSync(new URL(`page/${file}`, import.meta.url), 'utf8');
  const charts = plot('dist/uPlot.iife.min.js');
  const script = SCRIPTS.map(own).join('\n');
  const style = plot('dist/uPlot.min.css') + STYLES.map(own).join('\n');
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${hash(style)}`,
    `script-src ${hash(charts)} ${hash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { style, charts, script, licence: plot('LICENSE'), policy };
}

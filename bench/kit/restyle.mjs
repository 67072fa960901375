// A process that stands in front of a HubSpot and writes its pages of records as another program would: node restyle.mjs <url>
// <style>. Each page is asked for once and kept, so that runs against it cost the machine little.
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const [upstream, styleName] = process.argv.slice(2);

const escaped = (json) =>
  json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const byKey = ([a], [b]) => (a < b ? -1 : 1);
const STYLES = {
  compact: { comma: ',', colon: ':', string: JSON.stringify },
  /** Python's json.dumps. */
  python: { comma: ', ', colon: ': ', string: (text) => escaped(JSON.stringify(text)) },
  /** As Flask and Go's maps are written. */
  sorted: { comma: ',', colon: ':', string: JSON.stringify, sort: true, end: '\n' },
  /** In several lines, which is always parsed. */
  indented: { comma: ',\n  ', colon: ': ', string: JSON.stringify },
};
const style = STYLES[styleName];

function write(value) {
  if (Array.isArray(value)) return `[${value.map(write).join(style.comma)}]`;
  if (typeof value === 'string') return style.string(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = style.sort ? Object.entries(value).sort(byKey) : Object.entries(value);
  const written = members.map(([key, member]) => style.string(key) + style.colon + write(member));
  return `{${written.join(style.comma)}}`;
}

const pages = new Map();

async function pageOf(path, headers) {
  const answer = await fetch(upstream + path, { headers: { authorization: headers.authorization } });
  const text = await answer.text();
  const body = Buffer.from(answer.ok ? write(JSON.parse(text)) + (style.end ?? '') : text);
  const limits = [...answer.headers].filter(([name]) => name.startsWith('x-hubspot'));
  return { status: answer.status, body, packed: gzipSync(body), limits };
}

const server = createServer(async ({ url, headers }, response) => {
  if (!pages.has(url)) pages.set(url, pageOf(url, headers));
  const { status, body, packed, limits } = await pages.get(url);
  const unpacks = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  response.writeHead(status, {
    ...Object.fromEntries(limits),
    'content-type': 'application/json',
    ...(unpacks ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(unpacks ? packed : body);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));

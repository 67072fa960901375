// The floor of `read`: what a bare Node program costs that downloads the same pages, parses them, makes records of the same
// layout with the obvious code, and writes them as lines. It has no retries, no limits, no states and no checks.
import { once } from 'node:events';
import { request } from 'undici';

const [baseUrl, token, layout] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };

async function get(path) {
  const { body } = await request(baseUrl + path, { headers });
  return body.json();
}

const { results: properties } = await get('/crm/properties/2026-09/contacts');
const kinds = properties.map(({ name, type }) => [name, type]);

function coerce(type, text) {
  if (text === null || text === undefined) return null;
  switch (type) {
    case 'number':
      return text === '' ? null : Number(text);
    case 'bool':
      return text === '' ? null : text === 'true';
    case 'date':
      return text === '' ? null : text;
    case 'datetime':
      return text === '' ? null : text.replace('Z', '+00:00');
    default:
      return text;
  }
}

function toData(row) {
  const companies = (row.associations?.companies?.results ?? []).map(({ id }) => id);
  if (layout === 'columns') {
    const data = {
      id: row.id,
      created_at: row.createdAt,
      updated_at: row.updatedAt,
      archived: false,
      archived_at: null,
      merged_into: null,
    };
    data.associated_companies = companies;
    for (const [name, type] of kinds) data[name] = coerce(type, row.properties[name]);
    return data;
  }
  const nested = {};
  const data = {
    id: row.id,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    archived: false,
    archivedAt: null,
    merged_into: null,
  };
  data.properties = nested;
  data.companies = companies;
  for (const [name, type] of kinds) {
    nested[name] = coerce(type, row.properties[name]);
    data[`properties_${name}`] = nested[name];
  }
  return data;
}

const names = kinds.map(([name]) => name).join(',');
for (let after = ''; after !== null; ) {
  const page = await get(
    `/crm/objects/2026-09/contacts?limit=100&properties=${names}&associations=companies${after && `&after=${after}`}`,
  );
  let lines = '';
  for (const row of page.results) {
    const record = { stream: 'contacts', emitted_at: Date.now(), data: toData(row) };
    lines += `${JSON.stringify({ type: 'RECORD', record })}\n`;
  }
  if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
  after = page.paging?.next?.after ?? null;
}

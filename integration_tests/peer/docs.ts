import { KNOWN } from './known.js';
import { ODD_VALUES } from './values.js';

const HEAD = ['| | source-hubspot | here | why |', '|---|---|---|---|'];

/** The tables of docs/compatibility.md that the suite `peer` holds, as they are to stand there. */
export function compatibilityTables(): string[] {
  const records = KNOWN.map(({ what, theirs, here, why }) => [what, theirs, here, why]);
  const values = ODD_VALUES.flatMap(({ type, text, differs }) =>
    differs ? [[`${type} \`${text}\``, code(differs.theirs), code(differs.here), differs.why]] : [],
  );
  return [records, values].map((rows) => [...HEAD, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'));
}

const code = (json: string) => `\`${json.replace(/"/g, '')}\``;

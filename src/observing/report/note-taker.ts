import { type Facts, hear } from '../../activity.js';
import { listenToLog } from '../../log.js';
import { Notes } from './notes.js';

/** Lists of columns are cut here. */
const MOST_NAMES = 12;

/** Notes what a run leaves out, changes or warns of. */
export class NoteTaker {
  readonly notes = new Notes();
  readonly #ends: readonly (() => void)[];

  constructor() {
    this.#ends = [
      hear('leftOut', (fact) => this.#leftOut(fact)),
      hear('changed', (fact) => this.#changed(fact)),
      hear('columns', (fact) => this.#columns(fact)),
      listenToLog((level, text) => {
        if (level === 'warn') this.notes.add({ about: 'warning', text, advice: '' });
      }),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  #leftOut({ stream, why, scopes }: Facts['leftOut']): void {
    const isScopes = scopes.length > 0;
    this.notes.add({
      about: isScopes ? 'scopes' : 'leftOut',
      text: `${stream} is left out: ${why.replace(/\.$/, '')}.`,
      advice: isScopes
        ? `Add ${scopes.join(' and ')} to the token's scopes in HubSpot to have it, or take it out of the configuration.`
        : 'No action is needed unless you want it.',
    });
  }

  #changed({ stream, field, change, reason }: Facts['changed']): void {
    const what = change === 'NULLED' ? 'are NULL in the table' : 'were altered';
    const bySize = reason.endsWith('SIZE_LIMITATION');
    this.notes.add({
      about: 'changed',
      text: `${stream}: values of ${field} ${what}, as they ${bySize ? 'are too long' : 'do not fit its type'} (${reason}).`,
      advice: bySize
        ? 'Leave the property out (exclude_properties), or shorten its values in HubSpot.'
        : 'Correct the values in HubSpot, or the type of the property; each row says in _airbyte_meta which of its values it was.',
    });
  }

  #columns({ stream, table, columns }: Facts['columns']): void {
    const more = columns.length > MOST_NAMES ? ` and ${columns.length - MOST_NAMES} more` : '';
    const names = columns.slice(0, MOST_NAMES).join(', ');
    this.notes.add({
      about: 'columns',
      text: `${stream}: the table ${table} got ${columns.length === 1 ? 'the column' : 'the columns'} ${names}${more}.`,
      advice: 'Views and models that name their columns do not have them yet.',
    });
  }
}

import { loadPackage } from '../../load-package.js';
import type { Place } from '../syntax.js';
import type { Finding } from './finding.js';

/** Where a document's options stand in its text. JSON is read as the YAML that it is as well. */
export class Places {
  readonly #document: import('yaml').Document;
  readonly #lines: import('yaml').LineCounter;
  readonly #yaml: typeof import('yaml') = loadPackage('yaml');

  constructor(text: string) {
    this.#lines = new this.#yaml.LineCounter();
    this.#document = this.#yaml.parseDocument(text, { prettyErrors: false, lineCounter: this.#lines });
  }

  /** Keys that are there twice, of which JSON's readers know only the last. */
  get duplicates(): (Finding & Place)[] {
    return this.#document.errors
      .filter(({ code }) => code === 'DUPLICATE_KEY')
      .map(({ pos: [offset] }) => {
        const message = 'A key is there twice in the same object; only the last one counts. Leave one of them.';
        return { ...{ path: '', message, expected: null, found: null, nearest: null }, ...this.#placeAt(offset) };
      });
  }

  /** The place of the option at a path such as `objects[0].name`, or of the innermost one around it that is there. */
  of(path: string): Place {
    const { isMap, isScalar, isSeq } = this.#yaml;
    let node: unknown = this.#document.contents;
    let offset = this.#document.contents?.range?.[0] ?? 0;
    for (const [step] of path.matchAll(/[^.[\]]+/g)) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
        if (!pair || !isScalar(pair.key)) break;
        offset = pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        if (!this.#yaml.isNode(node)) break;
        offset = node.range?.[0] ?? offset;
      } else break;
    }
    return this.#placeAt(offset);
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

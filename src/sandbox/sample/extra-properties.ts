import type { NewProperty } from '../portal/types/properties.js';
import type { Kit } from './kit.js';

/**
 * `count` further properties of the shape measured in real portals: in each ten, five texts, two numbers, an instant,
 * a day, and an enumeration or boolean; about 57 bytes a property in a row.
 */
export function extraProperties(kit: Kit, count: number): NewProperty[] {
  const texts = longTexts(kit);
  return Array.from({ length: count }, (_, index) => {
    const name = (kind: string) => `extra_${kind}_${String(index + 1).padStart(4, '0')}`;
    const label = `Extra property ${index + 1}`;
    const own = { hubspotDefined: false, groupName: 'extra_properties' };
    switch (index % 10) {
      case 5:
        return kit.number(name('number'), label, 1_000_000, 2, own);
      case 6:
        return kit.number(name('count'), label, 5_000, 0, own);
      case 7:
        return kit.datetime(name('instant'), label, own);
      case 8:
        return kit.date(name('day'), label, own);
      case 9:
        return index % 20 === 9
          ? kit.choice(name('choice'), label, ['first_choice', 'second_choice', 'third_choice'], own)
          : kit.flag(name('flag'), label, own);
      default:
        return kit.text(name('text'), label, texts, own);
    }
  });
}

/** Texts of 30 to 90 characters; one in 170 has a character beyond Latin-1, as measured. */
function longTexts(kit: Kit): string[] {
  const { sentences } = kit.pools;
  return sentences.slice(0, 340).map((sentence, index) => {
    const text = `${sentence} ${sentences[index + 1]}`.slice(0, 30 + ((index * 37) % 60));
    return index % 170 === 7 ? `✓ ${text}` : text;
  });
}

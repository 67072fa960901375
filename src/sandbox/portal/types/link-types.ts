import { hashText } from '../random.js';
import type { ObjectType } from './object-types.js';

/** One kind of association in one direction. */
export interface LinkType {
  readonly typeId: number;
  readonly category: 'HUBSPOT_DEFINED' | 'USER_DEFINED';
  readonly label: string | null;
  /** What list rows call it: `contact_to_company_unlabeled`. */
  readonly rowType: string;
}

/** The type ids HubSpot publishes, by singular names: [unlabelled, primary]. */
const PUBLISHED: Record<string, readonly [number, number?]> = {
  contact_to_company: [279, 1],
  company_to_contact: [280, 2],
  deal_to_contact: [3],
  contact_to_deal: [4],
  deal_to_company: [341, 5],
  company_to_deal: [342, 6],
  contact_to_ticket: [15],
  ticket_to_contact: [16],
  ticket_to_company: [339, 26],
  company_to_ticket: [340, 25],
  deal_to_line_item: [19],
  line_item_to_deal: [20],
  deal_to_ticket: [27],
  ticket_to_deal: [28],
  deal_to_quote: [63],
  quote_to_deal: [64],
  quote_to_line_item: [67],
  line_item_to_quote: [68],
  quote_to_contact: [69],
  contact_to_quote: [70],
  quote_to_company: [71],
  company_to_quote: [72],
  company_to_call: [181],
  call_to_company: [182],
  company_to_email: [185],
  email_to_company: [186],
  company_to_meeting_event: [187],
  meeting_event_to_company: [188],
  company_to_note: [189],
  note_to_company: [190],
  company_to_task: [191],
  task_to_company: [192],
  contact_to_call: [193],
  call_to_contact: [194],
  contact_to_email: [197],
  email_to_contact: [198],
  contact_to_meeting_event: [199],
  meeting_event_to_contact: [200],
  contact_to_note: [201],
  note_to_contact: [202],
  contact_to_task: [203],
  task_to_contact: [204],
  deal_to_call: [205],
  call_to_deal: [206],
  deal_to_email: [209],
  email_to_deal: [210],
  deal_to_meeting_event: [211],
  meeting_event_to_deal: [212],
  deal_to_note: [213],
  note_to_deal: [214],
  deal_to_task: [215],
  task_to_deal: [216],
  ticket_to_call: [219],
  call_to_ticket: [220],
  ticket_to_email: [223],
  email_to_ticket: [224],
  ticket_to_meeting_event: [225],
  meeting_event_to_ticket: [226],
  ticket_to_note: [227],
  note_to_ticket: [228],
  ticket_to_task: [229],
  task_to_ticket: [230],
};

/** The association types between any two object types, made when first asked for. */
export class LinkTypes {
  readonly #byPair = new Map<string, LinkType[]>();

  /** All types from `from` to `to`, the unlabelled one first. */
  between(from: ObjectType, to: ObjectType): readonly LinkType[] {
    return this.#pair(from, to);
  }

  /** @throws Error when no such label exists between the two. */
  labelled(from: ObjectType, to: ObjectType, label: string): LinkType {
    const wanted = label.toLowerCase();
    const found = this.#pair(from, to).find((type) => type.label?.toLowerCase() === wanted);
    if (found === undefined)
      throw new Error(`no association label ${JSON.stringify(label)} from ${from.name} to ${to.name}`);
    return found;
  }

  /** Adds a label of the portal's own, in both directions; without `inverse`, it is called the same both ways. */
  addLabel(from: ObjectType, to: ObjectType, label: string, inverse = label): void {
    this.#add(from, to, label, 'USER_DEFINED');
    if (from.id !== to.id) this.#add(to, from, inverse, 'USER_DEFINED');
  }

  /** What `label` is called in the other direction. */
  inverseLabel(from: ObjectType, to: ObjectType, label: string | undefined): string | undefined {
    if (label === undefined || from.id === to.id) return label;
    const index = this.between(from, to).indexOf(this.labelled(from, to, label));
    return this.between(to, from)[index]?.label ?? label;
  }

  #add(from: ObjectType, to: ObjectType, label: string, category: LinkType['category'], typeId?: number): void {
    const types = this.#pair(from, to);
    if (types.some((type) => type.label === label)) return;
    const name = label.toLowerCase().replace(/[^a-z0-9]+/g, '_');
    types.push({
      typeId: typeId ?? madeUpId(from, to, label),
      category,
      label,
      rowType: category === 'USER_DEFINED' ? `${name}_${rowType(from, to)}` : rowType(from, to),
    });
  }

  #pair(from: ObjectType, to: ObjectType): LinkType[] {
    const key = `${from.id}>${to.id}`;
    const known = this.#byPair.get(key);
    if (known !== undefined) return known;
    const [unlabelled, primary] = PUBLISHED[`${from.singular}_to_${to.singular}`] ?? [];
    const custom = from.custom || to.custom;
    const types: LinkType[] = [
      {
        typeId: unlabelled ?? madeUpId(from, to, ''),
        category: custom ? 'USER_DEFINED' : 'HUBSPOT_DEFINED',
        label: null,
        // Where there is a primary type, rows show it by the plain name and the other one as "unlabeled".
        rowType: primary === undefined ? rowType(from, to) : `${rowType(from, to)}_unlabeled`,
      },
    ];
    this.#byPair.set(key, types);
    if (primary !== undefined) this.#add(from, to, 'Primary', 'HUBSPOT_DEFINED', primary);
    return types;
  }
}

function rowType(from: ObjectType, to: ObjectType): string {
  const name = (type: ObjectType) => (type.custom ? type.fullyQualifiedName : type.singular);
  return `${name(from)}_to_${name(to)}`;
}

/** HubSpot publishes no id for this pair, or the portal made the label: any number that stays the same will do. */
function madeUpId(from: ObjectType, to: ObjectType, label: string): number {
  return 1_000 + (hashText(`${from.id}>${to.id}:${label}`) % 900_000);
}

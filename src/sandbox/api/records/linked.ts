import type { Services } from '../../http/listener.js';
import type { KeyOrder } from '../../http/settings.js';
import { type ByteText, byteText } from '../../portal/bytes.js';
import type { Link } from '../../portal/links.js';
import type { LinkType } from '../../portal/types/link-types.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import { jsonObject, jsonText } from '../reply.js';
import { linkCursor } from './cursors.js';

/** A page of the live records that one record is linked to, and the cursor of the next page if there is one. */
export interface LinkPage {
  readonly links: readonly Link[];
  readonly after: string | undefined;
}

/** Links of record `id` to live records of `to` with ids above `after`, at most `max` of them. */
export function linkPage(
  { portal }: Services,
  from: ObjectType,
  id: number,
  to: ObjectType,
  after: number,
  max: number,
): LinkPage {
  const targets = portal.store(to);
  const links: Link[] = [];
  for (const link of portal.links.of(from.id, id, to.id)) {
    if (link.to <= after || !targets.find(link.to)?.live) continue;
    if (links.length === max) return { links, after: linkCursor(to.id, (links[max - 1] as Link).to) };
    links.push(link);
  }
  return { links, after: undefined };
}

/** The association types of a link, in the order in which the two object types have them. */
export function typesOf({ portal }: Services, from: ObjectType, to: ObjectType, link: Link): LinkType[] {
  return portal.linkTypes.between(from, to).filter((type) => link.typeIds.includes(type.typeId));
}

/** One target as v4 and the date-based paths show it, as JSON. Built by hand: a batch has thousands. */
export function labelledTarget(services: Services, from: ObjectType, to: ObjectType, link: Link): ByteText {
  const order = services.switches.now.keyOrder;
  const types = typesOf(services, from, to, link).map((type) => typeJson(order, type));
  const [id, list] = [`"toObjectId":${link.to}`, `"associationTypes":[${types.join(',')}]`];
  return (order === 'alphabetical' ? `{${list},${id}}` : `{${id},${list}}`) as ByteText;
}

const typeTexts = { alphabetical: new WeakMap<LinkType, ByteText>(), other: new WeakMap<LinkType, ByteText>() };

/** An association type as JSON: thousands of links have the same few. */
function typeJson(order: KeyOrder, type: LinkType): ByteText {
  const texts = typeTexts[order];
  const known = texts.get(type);
  if (known !== undefined) return known;
  const { category, typeId, label } = type;
  const text = jsonText(order, { category, typeId, label });
  texts.set(type, text);
  return text;
}

/**
 * The `associations` of a list row: unlabelled ids, one entry for each type that connects the pair, so the same id
 * appears twice where there is a primary association or a label.
 */
export function inlineAssociations(
  services: Services,
  from: ObjectType,
  id: number,
  targets: readonly ObjectType[],
  baseUrl: string,
): ByteText {
  const { inlineAssociations: max, keyOrder } = services.switches.now;
  const members: string[] = [];
  for (const to of targets) {
    const page = linkPage(services, from, id, to, 0, max);
    if (page.links.length === 0) continue;
    const results = page.links.flatMap((link) =>
      typesOf(services, from, to, link).map((type) => `{"id":"${link.to}","type":${JSON.stringify(type.rowType)}}`),
    );
    const next = page.after && {
      after: page.after,
      link: `${baseUrl}/${id}/associations/${to.pathNames[0]}?after=${encodeURIComponent(page.after)}`,
    };
    const paging = next && JSON.stringify({ next });
    const member = jsonObject(keyOrder, { results: `[${results.join(',')}]`, paging });
    members.push(`${JSON.stringify(to.associationKey)}:${member}`);
  }
  if (keyOrder === 'alphabetical') members.sort();
  return byteText(members.join(','));
}

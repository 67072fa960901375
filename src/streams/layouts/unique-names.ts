/**
 * Names that are unique regardless of case: one that is reserved has `property_` in front, as often as it takes.
 *
 * @param reserved names of others
 */
export function uniqueNames(wanted: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set([...reserved, ...wanted].map((name) => name.toLowerCase()));
  const isReserved = new Set(reserved.map((name) => name.toLowerCase()));
  return wanted.map((each) => {
    if (!isReserved.has(each.toLowerCase())) return each;
    let name = `property_${each}`;
    while (taken.has(name.toLowerCase())) name = `property_${name}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

/** What the component shows, worked out from the record's fields and from the app's answer. */

/** A field of ours, whether the package made it or the app, on a person account or not. */
const OUR_FIELD = /^(?:\w+?__)?Segment_Sync_(.+)__p?c$/;
const LABEL_TYPES = ['Picklist', 'MultiPicklist'];
/** A name that was too long ends in a mark. */
const CUT = /_[0-9a-f]{6}$/;

const DAY_MS = 86_400_000;
const STALE_DAYS = 2;

/** Names of the fields that hold labels, with their labels, as this user may see them. */
export function labelFieldsOf(objectInfo) {
  const fields = Object.values(objectInfo.fields).filter(
    ({ apiName, dataType }) => OUR_FIELD.test(apiName) && LABEL_TYPES.includes(dataType),
  );
  const keys = new Set(fields.map(({ apiName }) => keyOf(apiName)));
  // The first of several segments stands among them already.
  const isFirst = (key) => key.endsWith('_primary') && keys.has(key.replace(/_primary$/, ''));
  return fields
    .map(({ apiName, label }) => ({ apiName, name: label, key: keyOf(apiName) }))
    .filter(({ key }) => !isFirst(key))
    .sort((a, b) => a.name.localeCompare(b.name));
}

const keyOf = (apiName) => (OUR_FIELD.exec(apiName)?.[1] ?? '').toLowerCase();

const isSame = (segmentation) => (key) =>
  key === segmentation.key || (CUT.test(key) && segmentation.key.startsWith(key.replace(CUT, '')));

/**
 * One section for each set of segments that the record is in. Where there is a field, the labels are its values, and the
 * app adds what it knows of them; a set without a field here, as that of a contact's company, is shown as the app says.
 * What the user may not see as a field (`hidden`) is not shown either.
 */
export function sectionsOf(labelFields, record, card, hidden) {
  const sections = labelFields.flatMap((field) => fieldSection(field, record, card));
  const others = fieldless(labelFields, card).filter((segmentation) => !isHidden(segmentation, hidden));
  for (const { key, name, labels } of others) {
    sections.push({ key, name, labels: labels.map((label) => labelOf(label.key, label.name, label)) });
  }
  return sections;
}

/** How many sets of segments the app knows of that the user may not see. */
export const hiddenCount = (labelFields, card, hidden) =>
  fieldless(labelFields, card).filter((segmentation) => isHidden(segmentation, hidden)).length;

const fieldless = (labelFields, card) =>
  (card?.segmentations ?? []).filter(
    (segmentation) =>
      segmentation.labels.length > 0 && !labelFields.map(({ key }) => key).some(isSame(segmentation)),
  );

const isHidden = (segmentation, hidden) => hidden.map(keyOf).some(isSame(segmentation));

function fieldSection({ apiName, name, key }, record, card) {
  const field = record.fields[apiName];
  if (!field?.value) return [];
  const values = String(field.value).split(';');
  const shown = String(field.displayValue ?? field.value).split(';');
  const known = card?.segmentations.find((segmentation) => isSame(segmentation)(key));
  const labels = values.map((value, index) =>
    labelOf(
      value,
      shown[index] ?? value,
      known?.labels.find((label) => label.key === value),
    ),
  );
  return [{ key: apiName, name: known?.name ?? name, labels }];
}

function labelOf(key, name, known) {
  const why = (known?.why ?? []).map((text, index) => ({ key: `${key} ${index}`, text }));
  return { key, name, since: known?.since ?? null, why, hasWhy: why.length > 0, play: playOf(known?.play) };
}

function playOf(play) {
  if (!play) return null;
  const { channel, message, offer, owner } = play;
  const facts = [
    { key: 'channel', name: 'By', value: channel },
    { key: 'offer', name: 'Offer', value: offer },
    { key: 'owner', name: 'Who', value: owner },
  ].filter(({ value }) => value);
  return message || facts.length > 0 ? { message: message ?? '', facts } : null;
}

/** The app's answer; null where it is not one. */
export function parseCard(text) {
  try {
    const card = JSON.parse(text);
    const isCard = typeof card?.state === 'string' && Array.isArray(card.segmentations);
    if (!isCard || !card.segmentations.every(({ labels }) => Array.isArray(labels))) return null;
    return { ...card, scores: Array.isArray(card.scores) ? card.scores : [] };
  } catch {
    return null;
  }
}

/** Days since the last run ended, where that is too long ago to rely on. */
export function staleDays(card, nowMs) {
  const endedAt = Date.parse(card?.lastRun?.endedAt ?? '');
  const days = (nowMs - endedAt) / DAY_MS;
  return days > STALE_DAYS ? Math.floor(days) : null;
}

/** Only an https address is a link. */
export const linkOf = (url, otherwise) => (/^https:\/\//i.test(url ?? '') ? url : otherwise);

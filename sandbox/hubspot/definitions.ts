export type Option = {
  label: string;
  value: string;
  description: string;
  displayOrder: number;
  hidden: boolean;
};

/** A property definition, as the properties API shows it. */
export type Definition = {
  name: string;
  label: string;
  type: string;
  fieldType: string;
  description: string;
  groupName: string;
  options: Option[];
  hubspotDefined: boolean;
  calculated: boolean;
  readOnlyValue: boolean;
  hasUniqueValue: boolean;
  hidden: boolean;
  formField: boolean;
  displayOrder: number;
  createdAt: number;
  updatedAt: number;
  createdUserId: string | undefined;
  archivedAt: number | undefined;
};

export type Group = { name: string; label: string; displayOrder: number; archived: boolean };

export const options = (pairs: { value: string; label: string }[]): Option[] =>
  pairs.map(({ value, label }, index) => ({
    value,
    label,
    description: '',
    displayOrder: index,
    hidden: false,
  }));

export const define = (
  given: Pick<Definition, 'name' | 'label' | 'type' | 'fieldType' | 'groupName'> & Partial<Definition>,
): Definition => ({
  description: '',
  options: [],
  hubspotDefined: false,
  calculated: false,
  readOnlyValue: false,
  hasUniqueValue: false,
  hidden: false,
  formField: false,
  displayOrder: -1,
  createdAt: 0,
  updatedAt: 0,
  createdUserId: undefined,
  archivedAt: undefined,
  ...given,
});

const iso = (time: number) => new Date(time).toISOString();

export const shownDefinition = (definition: Definition) => {
  const { readOnlyValue, createdAt, updatedAt, archivedAt, createdUserId, ...shown } = definition;
  return {
    ...shown,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    ...(createdUserId !== undefined && { createdUserId, updatedUserId: createdUserId }),
    externalOptions: false,
    archived: archivedAt !== undefined,
    ...(archivedAt !== undefined && { archivedAt: iso(archivedAt) }),
    modificationMetadata: {
      archivable: !definition.hubspotDefined,
      readOnlyDefinition: definition.hubspotDefined,
      readOnlyOptions: definition.hubspotDefined,
      readOnlyValue,
    },
  };
};

import './builder.css';
import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine';
import {
  draggable,
  dropTargetForElements,
  monitorForElements,
} from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { QueryBuilderDnD } from '@react-querybuilder/dnd';
import { createPragmaticDndAdapter } from '@react-querybuilder/dnd/pragmatic-dnd';
import { useRef, useState } from 'react';
import { type ControlElementsProp, type FullField, QueryBuilder, type RuleType } from 'react-querybuilder';
import type { Condition } from '../../../../../src/segmentation/condition.ts';
import { type Choices, ChoicesContext, typeOfField } from './choices.ts';
import { NEW_CONTACTS } from './contacts-editor.tsx';
import { NEW_DEALS } from './deals-form.ts';
import {
  CombinatorEditor,
  FieldEditor,
  NotEditor,
  OperatorEditor,
  type RuleCount,
  RuleSceneContext,
  ValueEditor,
} from './rule-editors.tsx';
import { fromTree, type Group, isGroup, type Rule, readField, toTree } from './tree.ts';
import { FIRST_VALUE, firstOperator, formOf } from './vocabulary.ts';

const dnd = createPragmaticDndAdapter({ draggable, dropTargetForElements, monitorForElements, combine });

const controls: ControlElementsProp<FullField, string> = {
  fieldSelector: FieldEditor,
  operatorSelector: OperatorEditor,
  valueEditor: ValueEditor,
  combinatorSelector: CombinatorEditor,
  notToggle: NotEditor,
};

const words = {
  addRule: { label: '+ Condition', title: 'Add a condition' },
  addGroup: { label: '+ Group', title: 'Add a group' },
  removeRule: { label: '×', title: 'Remove this condition' },
  removeGroup: { label: '×', title: 'Remove this group' },
  dragHandle: { label: '⠿', title: 'Drag to another place; the arrows move it, too' },
  shiftActionUp: { label: '↑', title: 'Move up' },
  shiftActionDown: { label: '↓', title: 'Move down' },
};

/**
 * Conditions as groups that drag. The tree is kept here while something in it is still to be filled in; `onChange`
 * gets the condition, or null with what is missing.
 */
export function ConditionBuilder({
  condition,
  choices,
  counts,
  notes = NO_NOTES,
  onChange,
}: {
  condition: Condition;
  choices: Choices;
  counts: RuleCount[] | null;
  /** What is to be said of a rule, by its path in the tree as JSON. */
  notes?: Record<string, string>;
  onChange: (condition: Condition | null, unfinished: string[]) => void;
}) {
  const [tree, setTree] = useState<Group>(() => toTree(condition));
  // The builder tells of a tree that only got its ids, too: nobody changed anything then.
  const told = useRef(JSON.stringify({ condition }));
  const change = (next: Group) => {
    setTree(next);
    const read = fromTree(next);
    if (told.current === JSON.stringify(read)) return;
    told.current = JSON.stringify(read);
    if ('condition' in read) onChange(read.condition, []);
    else onChange(null, read.unfinished);
  };
  const scene = {
    counts,
    notes,
    isAny: tree.combinator === 'or',
    negate: (path: readonly number[], isNegated: boolean) => change(negated(tree, path, isNegated)),
  };
  return (
    <ChoicesContext value={choices}>
      <RuleSceneContext value={scene}>
        <QueryBuilderDnD dnd={dnd}>
          <QueryBuilder
            query={tree as never}
            onQueryChange={(next: unknown) => change(next as Group)}
            fields={FIELDS}
            controlElements={controls}
            translations={words}
            showNotToggle
            showShiftActions
            addRuleToNewGroups
            resetOnFieldChange
            resetOnOperatorChange
            getDefaultOperator={(field) => operatorFor(String(field), choices)}
            getDefaultValue={(rule) => valueFor(rule, choices)}
            onAddRule={(rule: RuleType) => ({ ...rule, field: 'attribute:', operator: '', value: '' })}
          />
        </QueryBuilderDnD>
      </RuleSceneContext>
    </ChoicesContext>
  );
}

const NO_NOTES: Record<string, string> = {};

/** The field selector has its own list; this is what a new rule has before one is chosen. */
const FIELDS = [{ name: 'attribute:', label: 'Choose' }];

function operatorFor(field: string, choices: Choices): string {
  if (readField(field).kind === 'segment') return 'holds';
  const type = typeOfField(field, choices);
  return type === null ? '' : firstOperator(type);
}

/** A value stays where it fits the new operator's form. */
function valueFor({ field, operator, value }: RuleType, choices: Choices): unknown {
  const { kind } = readField(field);
  if (kind === 'deals') return NEW_DEALS;
  if (kind === 'contacts') return NEW_CONTACTS;
  const type = typeOfField(field, choices);
  if (type === null) return '';
  const first = FIRST_VALUE[formOf(operator, type)];
  const isSameForm =
    typeof value === typeof first && Array.isArray(value) === Array.isArray(first) && value !== '';
  return isSameForm && typeof value !== 'boolean' ? value : first;
}

function negated(group: Group, path: readonly number[], isNegated: boolean): Group {
  const [index, ...deeper] = path;
  const rules = group.rules.map((part, at): Rule | Group => {
    if (at !== index) return part;
    if (isGroup(part)) return negated(part, deeper, isNegated);
    const { meta: _, ...rule } = part;
    return isNegated ? { ...rule, meta: { negated: true } } : rule;
  });
  return { ...group, rules };
}

import { Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Page } from '../../parts/page.tsx';
import { CustomerTable } from './customer-table.tsx';

/** Finding somebody. What is asked stands in the address, so that it can be sent and gone back to. */
export default function Customers() {
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get('search') ?? '');
  const [search] = useDebouncedValue(text.trim(), 300);
  const subject = params.get('subject') === 'company' ? 'company' : 'person';
  const order = params.get('order') === 'newest' ? 'newest' : 'value';
  const set = (name: string, value: string) =>
    setParams(
      (now) => {
        if (value) now.set(name, value);
        else now.delete(name);
        return now;
      },
      { replace: true },
    );
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows what was typed, not the address
  useEffect(() => set('search', search), [search]);
  return (
    <Page title="Customers" lead="Everybody that the connected CRMs hold, once each.">
      <Group align="flex-end">
        <TextInput
          label="Search"
          placeholder="Part of a name, or how an e-mail or domain begins"
          leftSection={<IconSearch size={16} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: '1 1 260px' }}
        />
        <SegmentedControl
          aria-label="People or companies"
          value={subject}
          onChange={(value) => set('subject', value)}
          data={[
            { value: 'person', label: 'People' },
            { value: 'company', label: 'Companies' },
          ]}
        />
        <Select
          label="Order"
          w={180}
          allowDeselect={false}
          value={order}
          onChange={(value) => set('order', value ?? 'value')}
          data={[
            { value: 'value', label: 'Most revenue first' },
            { value: 'newest', label: 'Newest first' },
          ]}
        />
      </Group>
      <CustomerTable
        name={subject === 'person' ? 'People' : 'Companies'}
        query={{ subject, order, ...(search && { search }) }}
        empty={
          search
            ? 'Nobody matches. E-mails and domains are found by how they begin, names by any part.'
            : 'The first run brings them in; start one on Home once a CRM is connected.'
        }
      />
    </Page>
  );
}

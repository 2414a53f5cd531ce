import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { Page } from '../../parts/page.tsx';
import { useMay } from '../../session.ts';
import { Attributes } from './attributes.tsx';
import { Properties } from './properties.tsx';
import { Revenue } from './revenue.tsx';

/** What is read from the CRMs, what it is taken for, and what counts as revenue. */
export default function Mapping() {
  const [params, setParams] = useSearchParams();
  const mayEdit = useMay('edit');
  const tabs = [
    { key: 'attributes', name: 'Attributes', Content: Attributes },
    ...(mayEdit
      ? [
          { key: 'properties', name: 'CRM properties', Content: Properties },
          { key: 'revenue', name: 'Revenue', Content: Revenue },
        ]
      : []),
  ];
  const tab = tabs.find(({ key }) => key === params.get('tab'))?.key ?? 'attributes';
  return (
    <Page
      title="Mapping"
      lead="Which CRM property feeds which attribute. What feeds nothing is neither read nor stored."
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) =>
          setParams(
            (now) => {
              now.set('tab', value ?? 'attributes');
              return now;
            },
            { replace: true },
          )
        }
      >
        <Tabs.List>
          {tabs.map(({ key, name }) => (
            <Tabs.Tab key={key} value={key}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ key, Content }) => (
          <Tabs.Panel key={key} value={key} pt="md">
            <Content />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { Page } from '../../parts/page.tsx';
import { Alerts } from './alerts.tsx';
import { Company } from './company.tsx';
import { PolicySettings } from './policy.tsx';
import { Tokens } from './tokens.tsx';

const TABS = [
  { key: 'company', name: 'Company', Content: Company },
  { key: 'writing', name: 'Writing into CRMs', Content: PolicySettings },
  { key: 'alerts', name: 'Alerts', Content: Alerts },
  { key: 'tokens', name: 'API tokens', Content: Tokens },
];

/** What holds for the whole company; the tab stands in the address. */
export default function Settings() {
  const [params, setParams] = useSearchParams();
  const tab = TABS.find(({ key }) => key === params.get('tab'))?.key ?? 'company';
  return (
    <Page title="Settings">
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => setParams(value ? { tab: value } : {}, { replace: true })}
      >
        <Tabs.List>
          {TABS.map(({ key, name }) => (
            <Tabs.Tab key={key} value={key}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(({ key, Content }) => (
          <Tabs.Panel key={key} value={key} pt="md" maw={760}>
            <Content />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

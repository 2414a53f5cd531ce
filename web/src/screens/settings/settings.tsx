import { AddressTabs } from '../../parts/address-tabs.tsx';
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

/** What holds for the whole company. */
export default function Settings() {
  return (
    <Page title="Settings">
      <AddressTabs tabs={TABS} maw={760} />
    </Page>
  );
}

import { Tabs } from '@mantine/core';
import type { ComponentType } from 'react';
import { useSearchParams } from 'react-router';

export type AddressTab = { key: string; name: string; Content: ComponentType };

/** Parts of a screen one at a time; which one stands in the address, so that it can be sent and gone back to. */
export function AddressTabs({ tabs, maw }: { tabs: readonly AddressTab[]; maw?: number }) {
  const [params, setParams] = useSearchParams();
  const chosen = tabs.find(({ key }) => key === params.get('tab')) ?? tabs[0];
  return (
    <Tabs
      value={chosen?.key ?? null}
      keepMounted={false}
      onChange={(value) => setParams(value ? { tab: value } : {}, { replace: true })}
    >
      <Tabs.List>
        {tabs.map(({ key, name }) => (
          <Tabs.Tab key={key} value={key}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ key, Content }) => (
        <Tabs.Panel key={key} value={key} pt="md" {...(maw !== undefined && { maw })}>
          <Content />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

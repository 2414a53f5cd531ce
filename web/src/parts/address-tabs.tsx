import { Tabs } from '@mantine/core';
import { type ComponentType, useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

export type AddressTab = { key: string; name: string; Content: ComponentType };

/** Parts of a screen one at a time; which one stands in the address, so that it can be sent and gone back to. */
export function AddressTabs({ tabs, maw }: { tabs: readonly AddressTab[]; maw?: number }) {
  const [params, setParams] = useSearchParams();
  const chosen = tabs.find(({ key }) => key === params.get('tab')) ?? tabs[0];
  // Where they do not fit, the chosen one is pushed into view.
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each other tab that is chosen
  useEffect(() => {
    list.current
      ?.querySelector('[aria-selected=true]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosen?.key]);
  return (
    <Tabs
      value={chosen?.key ?? null}
      keepMounted={false}
      onChange={(value) => setParams(value ? { tab: value } : {}, { replace: true })}
    >
      <Tabs.List ref={list}>
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

import { Text, Textarea } from '@mantine/core';
import { useEffect, useState } from 'react';

/** A condition that no form shows, as YAML; nothing is taken over before it can be read. */
export function YamlInput({
  value,
  onChange,
  label,
}: {
  value: unknown;
  onChange: (value: unknown) => void;
  label: string;
}) {
  const [text, setText] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  // Written anew only where somebody else changed the value.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first writing alone
  useEffect(() => {
    let isCurrent = true;
    void import('yaml').then(({ stringify }) => {
      if (isCurrent) setText(typeof value === 'object' && value !== null ? stringify(value).trimEnd() : '');
    });
    return () => {
      isCurrent = false;
    };
  }, []);
  const read = async (now: string) => {
    setText(now);
    const { parse } = await import('yaml');
    try {
      const parsed: unknown = parse(now);
      setFault(null);
      onChange(typeof parsed === 'object' ? parsed : '');
    } catch (error) {
      setFault(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
      onChange('');
    }
  };
  return (
    <div style={{ flexGrow: 1, minWidth: 220 }}>
      <Textarea
        aria-label={label}
        size="xs"
        autosize
        minRows={2}
        maxRows={12}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        placeholder="any: [{ attribute: country, is: US }]"
        value={text ?? ''}
        onChange={(event) => void read(event.currentTarget.value)}
      />
      {fault && (
        <Text size="xs" c="red">
          {fault}
        </Text>
      )}
    </div>
  );
}

import { Accordion, Code, CopyButton, UnstyledButton } from '@mantine/core';

/** Files that an admin deploys in the CRM, to be read and copied. */
export function Bundle({ files }: { files: Record<string, string> }) {
  return (
    <Accordion variant="contained" mt="xs">
      {Object.entries(files).map(([path, text]) => (
        <Accordion.Item value={path} key={path}>
          <Accordion.Control>{path}</Accordion.Control>
          <Accordion.Panel>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <UnstyledButton onClick={copy} c="blue" fz="sm">
                  {copied ? 'Copied' : 'Copy'}
                </UnstyledButton>
              )}
            </CopyButton>
            <Code block mah={260} style={{ overflow: 'auto' }}>
              {text}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

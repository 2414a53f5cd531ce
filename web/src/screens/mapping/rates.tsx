import { Alert, Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useRef, useState } from 'react';
import { showRate } from '../../../../src/model/money-words.ts';
import type { Answer } from '../../api.ts';
import { counted, day, money } from '../../parts/figures.ts';
import { Read } from '../../parts/states.tsx';
import { Rows } from '../../parts/table.tsx';
import { useApi, useChange } from '../../query.ts';

type Missing = Answer<'GET /api/revenue'>['unknownRates'];
type Answered = Answer<'GET /api/rates'>;

/** Where the server found something wrong, as the form calls it. */
const FIELDS: Record<string, string> = {
  'rates.0.currency': 'Currency',
  'rates.0.rate': 'Rate',
  'rates.0.from': 'From',
};

/** Which rates are missing, with a form to give them; nothing where all deals are in one currency. */
export function Rates({ missing }: { missing: Missing }) {
  const query = useApi('GET /api/rates');
  return (
    <Read query={query} rows={2}>
      {(rates) =>
        missing.length === 0 && rates.own.length === 0 && rates.told.length === 0 ? null : (
          <Card withBorder component="section" aria-label="Exchange rates">
            <Stack>
              <Title order={2} size="h5">
                Exchange rates
              </Title>
              <GiveRate rates={rates} missing={missing} />
              <Own rates={rates} />
              <Told rates={rates} />
            </Stack>
          </Card>
        )
      }
    </Read>
  );
}

function GiveRate({ rates: { currency: into, told }, missing }: { rates: Answered; missing: Missing }) {
  const waiting = missing.filter(({ isGiven }) => !isGiven).map(({ currency }) => currency);
  const [currency, setCurrency] = useState(waiting[0] ?? '');
  const [rate, setRate] = useState('');
  const [from, setFrom] = useState('');
  const rateInput = useRef<HTMLInputElement>(null);
  const give = useChange('PUT /api/rates', {
    done: 'Given. The next run works out everybody’s revenue again.',
    quiet: true,
    onDone: () => {
      setCurrency(waiting.find((other) => other !== currency) ?? '');
      setRate('');
      setFrom('');
    },
  });
  const problem = give.error?.problem;
  const unit = currency.trim().toUpperCase() || '…';
  return (
    <>
      {missing.map((one) => (
        <Alert key={one.currency} color="yellow">
          <Stack gap="xs" align="flex-start">
            <Text size="sm">
              {counted(one.deals, 'won deal')} of {money(Number(one.amount), one.currency)} can’t be brought
              into {into}
              {one.isGiven
                ? ' yet, so that revenue counts as unknown. The next run takes the rate that was given; deals closed before its first day need an earlier one.'
                : `: no rate is known${told.some(({ currency: known }) => known === one.currency) ? ' of the day on which each was closed' : ''}, so that revenue counts as unknown. Give one here, or in the CRM.`}
            </Text>
            {waiting.length > 1 && !one.isGiven && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => {
                  setCurrency(one.currency);
                  rateInput.current?.focus();
                }}
              >
                Give a rate of {one.currency}
              </Button>
            )}
          </Stack>
        </Alert>
      ))}
      <form
        aria-label="Give a rate"
        onSubmit={(event) => {
          event.preventDefault();
          give.mutate({ body: { rates: [{ currency, rate, from: from || null }] } });
        }}
      >
        <Stack gap="xs">
          <Group align="flex-start">
            <TextInput
              label="Currency"
              description="Three letters"
              required
              maxLength={3}
              style={{ flex: '1 1 110px' }}
              styles={{ input: { textTransform: 'uppercase' } }}
              spellCheck={false}
              value={currency}
              onChange={(event) => setCurrency(event.currentTarget.value)}
            />
            <TextInput
              ref={rateInput}
              label="Rate"
              description={`1 ${unit} = … ${into}`}
              required
              inputMode="decimal"
              placeholder="0.0067"
              style={{ flex: '1 1 160px' }}
              rightSection={<Text size="sm">{into}</Text>}
              rightSectionWidth={52}
              value={rate}
              onChange={(event) => setRate(event.currentTarget.value)}
            />
            <TextInput
              label="From"
              description="Left empty: always"
              type="date"
              style={{ flex: '1 1 160px' }}
              value={from}
              onChange={(event) => setFrom(event.currentTarget.value)}
            />
          </Group>
          {problem && (
            <Alert color="red" role="alert">
              {problem.issues ? 'The rate was not taken.' : `${problem.detail} ${problem.action}`}
              {problem.issues?.map(({ path, message }) => (
                <div key={path}>
                  {FIELDS[path] ?? path}: {message}
                </div>
              ))}
            </Alert>
          )}
          <Group>
            <Button type="submit" loading={give.isPending}>
              Give the rate
            </Button>
            <Text size="sm" c="dimmed">
              A deal takes the rate of the day on which it was closed. What a CRM tells comes first.
            </Text>
          </Group>
        </Stack>
      </form>
    </>
  );
}

const always = (from: string | null) => (from === null ? 'always' : day(from, 'UTC'));

function Own({ rates: { currency: into, own } }: { rates: Answered }) {
  const remove = useChange('DELETE /api/rates/:currency', {
    done: 'Removed. The next run works out everybody’s revenue again.',
  });
  if (own.length === 0) return null;
  return (
    <Rows
      name="Rates given here"
      rows={own}
      keyOf={({ currency, from }) => `${currency} ${from}`}
      columns={[
        { head: 'Given here', cell: ({ currency, rate }) => `1 ${currency} = ${rate} ${into}` },
        { head: 'From', cell: ({ from }) => always(from) },
        {
          head: 'Remove',
          cell: ({ currency, from }) => (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Remove the rate of ${currency} from ${always(from)}`}
              loading={remove.isPending}
              onClick={() => remove.mutate({ params: { currency }, query: from ? { from } : {} })}
            >
              Remove
            </Button>
          ),
        },
      ]}
    />
  );
}

function Told({ rates: { told } }: { rates: Answered }) {
  if (told.length === 0) return null;
  return (
    <Rows
      name="Rates that CRMs told"
      rows={told}
      keyOf={({ connectionId, currency }) => `${connectionId} ${currency}`}
      columns={[
        {
          head: 'Told by the CRM',
          cell: ({ currency, rate, home }) => `1 ${currency} = ${showRate(rate)} ${home}`,
        },
        { head: 'From', cell: ({ from }) => always(from) },
        { head: 'Connection', cell: ({ connection }) => connection },
      ]}
    />
  );
}

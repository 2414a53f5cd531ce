import { ErrorState, Flex, Link, LoadingButton, LoadingSpinner, Text } from '@hubspot/ui-extensions';
import { WORKSPACE_URL } from './address.ts';

export type Failure = { message: string; action: string };
type Retry = { isLoading: boolean; onRefresh: () => void };

export function Loading() {
  return <LoadingSpinner label="Looking up the segments of this record" layout="centered" showLabel />;
}

/** The workspace does not know this account: the app was installed without being connected, or was disconnected. */
export function SignedOut({ isLoading, onRefresh }: Retry) {
  return (
    <ErrorState title="This account is not connected" type="lock">
      <Text>
        Segment Sync has no leave to read this HubSpot account. Labels already written stay on the records;
        they are not kept up to date until an admin connects the account again.
      </Text>
      <Flex align="center" gap="small" justify="center">
        <Link href={{ url: WORKSPACE_URL, external: true }}>Connect in Segment Sync</Link>
        <RefreshButton isLoading={isLoading} onRefresh={onRefresh} />
      </Flex>
    </ErrorState>
  );
}

export function Failed({ failure, isLoading, onRefresh }: Retry & { failure: Failure }) {
  return (
    <ErrorState title={failure.message}>
      <Text>{failure.action}</Text>
      <RefreshButton isLoading={isLoading} onRefresh={onRefresh} />
    </ErrorState>
  );
}

export function RefreshButton({ isLoading, onRefresh }: Retry) {
  return (
    <LoadingButton loading={isLoading} onClick={() => onRefresh()} size="xs" variant="secondary">
      Refresh
    </LoadingButton>
  );
}

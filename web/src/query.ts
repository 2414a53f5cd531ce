import { notifications } from '@mantine/notifications';
import {
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { type Answer, ApiError, api, type Endpoint, type Given } from './api.ts';

type Reading = Extract<Endpoint, `GET ${string}`>;
type Writing = Exclude<Endpoint, Reading>;

/** Reads an endpoint and keeps it for the screen; the same question is asked once. */
export function useApi<E extends Reading>(
  endpoint: E,
  given?: Given<E>,
  options: { everyMs?: number; enabled?: boolean } = {},
): UseQueryResult<Answer<E>, ApiError> {
  const call = api as (endpoint: E, given?: Given<E>) => Promise<Answer<E>>;
  return useQuery<Answer<E>, ApiError>({
    queryKey: [endpoint, given ?? null],
    queryFn: ({ signal }) => call(endpoint, { ...given, signal } as Given<E>),
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
  });
}

/**
 * A change: carried out by `mutate(given)`. Afterwards what the screens show is read again; a failure is told with the
 * server's words unless the screen shows it itself.
 */
export function useChange<E extends Writing>(
  endpoint: E,
  options: {
    done?: string | ((answer: Answer<E>) => string);
    quiet?: boolean;
    onDone?: (answer: Answer<E>) => void;
  } = {},
): UseMutationResult<Answer<E>, ApiError, Given<E>> {
  const client: QueryClient = useQueryClient();
  const call = api as (endpoint: E, given?: Given<E>) => Promise<Answer<E>>;
  return useMutation<Answer<E>, ApiError, Given<E>>({
    mutationFn: (given) => call(endpoint, given),
    onSuccess: async (answer) => {
      const { done } = options;
      if (done)
        notifications.show({ message: typeof done === 'string' ? done : done(answer), color: 'teal' });
      options.onDone?.(answer);
      await client.invalidateQueries();
    },
    onError: (error) => {
      if (!options.quiet) tell(error);
    },
  });
}

/** Says a failure with what to do. */
export function tell(error: unknown): void {
  const problem = error instanceof ApiError ? error.problem : undefined;
  notifications.show({
    title: problem?.title ?? 'It did not work',
    message: problem ? `${problem.detail} ${problem.action}` : String(error),
    color: 'red',
    autoClose: 12_000,
  });
}

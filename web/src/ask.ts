import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Answer, type ApiError, api, type Endpoint, type Given } from './api.ts';

/**
 * A question too long for an address: asked by POST, changes nothing, and is read like any other answer. The answer
 * before stays until the next one is there.
 */
export function useAsk<E extends Extract<Endpoint, `POST ${string}`>>(
  endpoint: E,
  given: Given<E>,
  options: { enabled?: boolean; staleMs?: number } = {},
): UseQueryResult<Answer<E>, ApiError> {
  const call = api as (endpoint: E, given?: Given<E>) => Promise<Answer<E>>;
  return useQuery<Answer<E>, ApiError>({
    queryKey: [endpoint, given],
    queryFn: ({ signal }) => call(endpoint, { ...given, signal } as Given<E>),
    enabled: options.enabled ?? true,
    staleTime: options.staleMs ?? 60_000,
    placeholderData: keepPreviousData,
  });
}

import { useInfiniteQuery } from '@tanstack/react-query';
import { type Answer, type ApiError, api, type Endpoint, type Given } from '../api.ts';

/** Endpoints that answer a page of items and where the next begins. */
type Paged = {
  [E in Endpoint]: Answer<E> extends { items: unknown[]; next: string | null } ? E : never;
}[Endpoint];
type Item<E extends Paged> = Answer<E> extends { items: (infer I)[] } ? I : never;

/** All pages of a list that were read so far; `more` reads the next one. */
export function usePages<E extends Paged>(endpoint: E, given: Given<E>) {
  const call = api as (endpoint: E, given: Given<E>) => Promise<{ items: Item<E>[]; next: string | null }>;
  const query = useInfiniteQuery<
    { items: Item<E>[]; next: string | null },
    ApiError,
    Item<E>[],
    unknown[],
    string | undefined
  >({
    queryKey: [endpoint, given, 'pages'],
    initialPageParam: undefined,
    queryFn: ({ pageParam, signal }) => {
      const { query: asked } = given as { query?: Record<string, unknown> };
      return call(endpoint, { ...given, query: { ...asked, after: pageParam }, signal } as Given<E>);
    },
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });
  return {
    query,
    more: query.hasNextPage
      ? { isLoading: query.isFetchingNextPage, load: () => void query.fetchNextPage() }
      : undefined,
  };
}

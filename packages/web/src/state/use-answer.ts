import type { Client } from '@madang/client';
import { useCallback, useEffect, useState } from 'react';
import { useLatest } from '../ui/use-latest.js';
import { useClient } from './client-provider.js';

/** What is known of an answer: nothing yet, the answer, or why there is none, with a way to ask again. */
export type Answer<T> =
  | { answer: T; error?: undefined }
  | { answer?: undefined; error: unknown; retry: () => void }
  | { answer?: undefined; error?: undefined };

/** The answer to a question that is asked once; where it failed, again after the next connect, or on request. */
export function useAnswer<T>(question: (client: Client) => Promise<T>): Answer<T> {
  const client = useClient();
  const latest = useLatest(question);
  const [known, setKnown] = useState<{ answer: T } | { error: unknown }>();
  const isAnswered = known !== undefined && 'answer' in known;

  const ask = useCallback(() => {
    latest.current(client).then(
      (answer) => setKnown({ answer }),
      (error: unknown) => setKnown((before) => (before && 'answer' in before ? before : { error })),
    );
  }, [client, latest]);

  useEffect(() => {
    if (isAnswered) return undefined;
    ask();
    return client.state.subscribe(() => client.state.get().status === 'online' && ask());
  }, [client, isAnswered, ask]);

  const retry = () => {
    setKnown(undefined);
    ask();
  };
  return known && 'error' in known ? { ...known, retry } : (known ?? {});
}
